"""Reads the samples of a raster, and which of them are valid, with rasterio from a file or a URL."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from typing import Any, Self

import numpy as np
import rasterio
from rasterio.enums import ColorInterp, MaskFlags, Resampling
from rasterio.errors import NotGeoreferencedWarning
from rasterio.windows import Window as RasterioWindow

from rsgpt_plugin.shared.rasters.bands import BandChoice, BandMeaning, choose_bands
from rsgpt_plugin.shared.rasters.pixels import Pixels, no_data_mask, stack_bands
from rsgpt_plugin.shared.rasters.tiles import Orientation, PixelGrid, Window, is_valid_geotransform, upright
from rsgpt_plugin.shared.rasters.vrt_sources import VrtSources

from ..errors import ImageError
from .library_errors import convert_errors
from .network_sources import is_remote

# Tiles are read row by row. A row of blocks must fit, or a block is decoded again for every tile that it overlaps.
_CACHE = 256 << 20  # bytes
_REMOTE = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "VSI_CACHE": True,
    "GDAL_HTTP_MAX_RETRY": 5,
    "GDAL_HTTP_CONNECTTIMEOUT": 30,  # seconds; a server that sends less than one byte per second for a minute fails
    "GDAL_HTTP_LOW_SPEED_LIMIT": 1,
    "GDAL_HTTP_LOW_SPEED_TIME": 60,
}
_MEANINGS = {
    ColorInterp.red: BandMeaning.RED,
    ColorInterp.green: BandMeaning.GREEN,
    ColorInterp.blue: BandMeaning.BLUE,
    ColorInterp.alpha: BandMeaning.ALPHA,
    ColorInterp.palette: BandMeaning.PALETTE,
}


class RasterReader:
    """An open raster, which belongs to the thread that opened it. Raises ImageError if it cannot be opened or read.

    It is turned upright by quarter turns and mirroring, without resampling.
    """

    def __init__(self, source: str, driver: str | None = None) -> None:
        """driver: GDAL's name of the only format to read, any by default."""
        self.source, self._driver = source, driver
        self._mosaic = VrtSources(source, _can_open)
        with ExitStack() as stack:
            remote = _REMOTE if is_remote(source) else {}
            stack.enter_context(rasterio.Env(GDAL_CACHEMAX=_CACHE, **remote))
            with convert_errors(f"{source} cannot be opened as a raster ({{cause}}). Check its path."):
                self._dataset = self._opened()
            stack.callback(self._close)
            with convert_errors(f"{source} cannot be used as a raster ({{cause}}). Choose another raster."):
                dataset = self._dataset
                transform = dataset.transform.to_gdal()
                self.frame: PixelGrid
                self.frame, self._orientation = PixelGrid(transform, dataset.width, dataset.height), Orientation()
                if self.has_grid:  # the transform of others says nothing about north
                    self.frame, self._orientation = upright(transform, dataset.width, dataset.height)
            self._open = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def files(self) -> list[str]:
        """All its files: the raster itself, sources, overviews, masks and metadata."""
        return list(self._dataset.files)

    @property
    def has_grid(self) -> bool:
        """Whether its pixels have a position in a CRS."""
        return is_valid_geotransform(self._dataset.transform.to_gdal())

    @property
    def crs_wkt(self) -> str:
        """Its coordinate system. Raises ImageError if it has none, or no position in it."""
        dataset = self._dataset
        with convert_errors(f"The coordinate system of {self.source} cannot be read ({{cause}}). Assign another one."):
            wkt = str(dataset.crs.to_wkt()) if dataset.crs else ""
        if self.has_grid and wkt:
            return wkt
        raise ImageError(self._no_position_message(bool(wkt)))

    def _no_position_message(self, has_crs: bool) -> str:
        dataset, source = self._dataset, self.source
        if dataset.subdatasets and not dataset.count:
            names = ", ".join(dataset.subdatasets[:8])
            return f"{source} contains several rasters. Choose one of these names: {names}"
        if dataset.gcps[0]:
            return (
                f"{source} has ground control points, but no grid. Create one (gdalwarp {source} OUT.tif), then run "
                "again with OUT.tif."
            )
        if dataset.rpcs is not None:
            return (
                f"{source} has rational polynomial coefficients (RPC), but no grid. Create one (gdalwarp -rpc {source} "
                "OUT.tif), then run again with OUT.tif."
            )
        if has_crs or self.has_grid:
            lacks = "position in its coordinate system" if has_crs else "coordinate system"
            option = "-a_ullr LEFT TOP RIGHT BOTTOM" if has_crs else "-a_srs EPSG:CODE"
            command = f"gdal_translate {option} {source} OUT.tif"
            return f"{source} has no {lacks}. Assign one ({command}), then run again with OUT.tif."
        return (
            f"{source} has no coordinate system and no position. Assign both (gdal_translate -a_srs EPSG:CODE "
            f"-a_ullr LEFT TOP RIGHT BOTTOM {source} OUT.tif), then run again with OUT.tif."
        )

    def choose_bands(self, numbers: tuple[int, ...]) -> BandChoice:
        """Return the given bands, or by default those of the colors, else the first three, or the first of two."""
        meanings = [_MEANINGS.get(meaning, BandMeaning.OTHER) for meaning in self._dataset.colorinterp]
        if meanings[0] is BandMeaning.PALETTE:
            raise ImageError(f"{self.source} has a palette. Convert it to colors (gdal_translate -expand rgb).")
        return choose_bands(meanings, numbers)

    def read(self, bands: BandChoice, window: Window, size: tuple[int, int]) -> Pixels:
        """Read a window at `size` (width, height). A smaller size is averaged, from overviews if there are any."""
        stored = self._orientation.stored(window, self.frame)
        self._mosaic.check(stored)
        width, height = self._orientation.stored_size(*size)
        options = {
            "window": RasterioWindow(stored.x, stored.y, stored.width, stored.height),
            "out_shape": (height, width),
        }
        try:
            with convert_errors("The pixels cannot be read ({cause}). Check that the raster is complete."):
                values, valid = self._read(bands, options)
        except ImageError:
            self._reopen()
            raise
        return self._orientation.upright(values), self._orientation.upright(valid)

    def _read(self, bands: BandChoice, options: dict[str, Any]) -> Pixels:
        types = {self._types[number - 1] for number in bands.numbers}
        # rasterio reads bands together only if their types are equal.
        parts = [bands.numbers] if len(types) == 1 else [(number,) for number in bands.numbers]
        shape = options["out_shape"]
        stacks = [self._read_bands(part, {**options, "out_shape": (len(part), *shape)}) for part in parts]
        values = [band for stack in stacks for band in stack]
        valid = [self._valid(number, band, options) for number, band in zip(bands.numbers, values, strict=True)]
        return stack_bands(values, valid, self._dataset.read(bands.alpha, **options) > 0 if bands.alpha else None)

    @cached_property
    def _types(self) -> Sequence[str]:
        return tuple(self._dataset.dtypes)

    @cached_property
    def _flags(self) -> Sequence[Sequence[MaskFlags]]:
        return tuple(self._dataset.mask_flag_enums)

    @cached_property
    def _no_data(self) -> Sequence[float | None]:
        return tuple(self._dataset.nodatavals)

    def _read_bands(self, numbers: tuple[int, ...], options: dict[str, Any]) -> np.ndarray:
        return np.asarray(self._dataset.read(numbers, resampling=Resampling.average, **options))

    def _valid(self, number: int, values: np.ndarray, options: dict[str, Any]) -> np.ndarray:
        """Return where a band has data, by the rules of QGIS."""
        flags, no_data = self._flags[number - 1], self._no_data[number - 1]
        if MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags:
            return np.asarray(self._dataset.read_masks(number, **options) > 0)
        if MaskFlags.nodata in flags and no_data is not None:
            return ~no_data_mask(values, no_data)
        return np.ones(values.shape, bool)

    def _opened(self) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # reported by crs_wkt
            return rasterio.open(self.source, driver=self._driver)

    def _close(self) -> None:
        self._dataset.close()

    def _reopen(self) -> None:
        """Open the raster again, because GDAL reports an unreadable part of a mosaic once and then returns zeros."""
        with convert_errors("The raster cannot be opened again ({cause}). Check that it is complete."):
            self._dataset.close()
            self._dataset = self._opened()


def _can_open(path: str) -> bool:
    try:
        with RasterReader(path):
            return True
    except ImageError:
        return False
