"""Samples of a raster file as GDAL stores them: unscaled, on the file's own grid. Knows no stretch and no layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Optional

import numpy as np
from osgeo import gdal
from qgis.PyQt.QtCore import QCoreApplication

from ...errors import ImageryError
from ...shared.rasters.bands import BandChoice, BandMeaning
from ...shared.rasters.pixels import Pixels, is_no_data, stacked
from ...shared.rasters.tiles import NO_GEOTRANSFORM, Geotransform, Window, is_grid, upright
from ...shared.rasters.vrt_sources import VrtSources
from .tile_geometry import QgisGrid

translate = QCoreApplication.translate

_MEANINGS = {
    gdal.GCI_RedBand: BandMeaning.RED,
    gdal.GCI_GreenBand: BandMeaning.GREEN,
    gdal.GCI_BlueBand: BandMeaning.BLUE,
    gdal.GCI_AlphaBand: BandMeaning.ALPHA,
    gdal.GCI_PaletteIndex: BandMeaning.PALETTE,
}
_NODATA_ALONE = gdal.GMF_NODATA
_SCREENED = gdal.GMF_PER_DATASET  # by a mask band or file, or by no-data values of all bands together


@dataclass(frozen=True)
class NoData:
    """A layer's own settings. ignored: bands whose own no-data value does not count. ranges: more, in scaled values."""

    ignored: frozenset[int] = frozenset()
    ranges: Mapping[int, Sequence[tuple[float, float]]] = field(default_factory=dict)


@dataclass(frozen=True)
class FileAddress:
    """What GDAL opens for a layer, and with which options."""

    path: str
    options: tuple[str, ...] = ()

    def open(self) -> Optional[gdal.Dataset]:
        """The dataset; None where GDAL cannot open it."""
        try:
            return gdal.OpenEx(self.path, gdal.OF_RASTER | gdal.OF_READONLY, open_options=list(self.options))
        except RuntimeError:
            return None

    def has_grid(self) -> bool | None:
        """Whether its pixels have a position on the map; None where that cannot be found out."""
        dataset = self.open()
        if dataset is None:
            return None
        return bool(_geotransform(dataset) or dataset.GetGCPCount() or dataset.GetMetadata("RPC"))


class FileSource:
    """See sources.PixelSource. It turns the file's grid upright by quarter turns and mirroring, and resamples nothing.

    Owned by one thread.
    """

    def __init__(self, address: FileAddress, no_data: NoData, dataset: gdal.Dataset) -> None:
        """dataset: of the address, with a geotransform."""
        self._address, self._no_data, self._dataset = address, no_data, dataset
        self._mosaic = VrtSources(address.path, lambda path: FileAddress(path).open() is not None)
        transform = _geotransform(dataset) or NO_GEOTRANSFORM
        grid, self._orientation = upright(transform, dataset.RasterXSize, dataset.RasterYSize)
        self.frame = QgisGrid(grid.geotransform, grid.width, grid.height)
        bands = [dataset.GetRasterBand(number) for number in range(1, dataset.RasterCount + 1)]
        self.meanings = [_MEANINGS.get(band.GetColorInterpretation(), BandMeaning.OTHER) for band in bands]

    def read(self, bands: BandChoice, window: Window, size: tuple[int, int]) -> Pixels:
        """See PixelSource."""
        stored = self._orientation.stored(window, self.frame)
        self._mosaic.check(stored)
        width, height = self._orientation.stored_size(*size)
        place = (stored.x, stored.y, stored.width, stored.height, width, height)
        try:
            values, valid = self._read(bands, place)
        except RuntimeError as error:
            self._reopen()
            raise unreadable(str(error)) from error
        return self._orientation.upright(values), self._orientation.upright(valid)

    def _read(self, bands: BandChoice, place: tuple[int, ...]) -> Pixels:
        pairs = [self._band(number, place) for number in bands.numbers]
        opaque = _array(self._dataset.GetRasterBand(bands.alpha), place) > 0 if bands.alpha else None
        return stacked([values for values, _ in pairs], [shown for _, shown in pairs], opaque)

    def _band(self, number: int, place: tuple[int, ...]) -> Pixels:
        band = self._dataset.GetRasterBand(number)
        values = _array(band, place, gdal.GRIORA_Average)
        if np.iscomplexobj(values):
            raise no_picture()
        if band.GetMetadataItem("PIXELTYPE", "IMAGE_STRUCTURE") == "SIGNEDBYTE":  # GDAL before 3.7
            values = values.view(np.int8)
        return values, self._shown(band, number, values, place)

    def _shown(self, band: gdal.Band, number: int, values: np.ndarray, place: tuple[int, ...]) -> np.ndarray:
        """Where the band has data, by the same rules as `rsgpt batch`, and by the layer's own settings."""
        shown = np.ones(values.shape, bool)
        flags, no_data = band.GetMaskFlags(), band.GetNoDataValue()
        if flags & _SCREENED and not flags & gdal.GMF_ALPHA:
            shown = _array(band.GetMaskBand(), place) > 0
        elif flags & _NODATA_ALONE and no_data is not None and number not in self._no_data.ignored:
            shown = ~is_no_data(values, no_data)
        scaled = values * (band.GetScale() or 1.0) + (band.GetOffset() or 0.0) if number in self._no_data.ranges else 0
        for low, high in self._no_data.ranges.get(number, ()):
            shown = shown & ~((scaled >= low) & (scaled <= high))
        return shown

    def _reopen(self) -> None:
        """GDAL reports a missing part of a mosaic once per dataset, and returns zeros from then on."""
        self._dataset = self._address.open() or self._dataset


def open_file(address: FileAddress, no_data: NoData, bands: int) -> FileSource | None:
    """A source for the file, whose layer has `bands` bands; None where the file has no grid of its own.

    Ground control points and RPCs give a position, but no grid.
    """
    dataset = address.open() if address.path else None
    # A mask counts as one band more in QGIS.
    if dataset is None or not _geotransform(dataset) or not bands - 1 <= dataset.RasterCount <= bands:
        return None
    return FileSource(address, no_data, dataset)


def no_picture() -> ImageryError:
    """The error for samples that are not numbers of a picture."""
    return ImageryError(
        translate(
            "Rsgpt",
            "The values of this layer are not real numbers and cannot be shown as a picture. Choose another raster.",
        )
    )


def _geotransform(dataset: gdal.Dataset) -> Geotransform | None:
    found = dataset.GetGeoTransform(can_return_null=True)
    return tuple(found) if found and is_grid(tuple(found)) else None


def _array(band: gdal.Band, place: tuple[int, ...], resampling: int = gdal.GRIORA_NearestNeighbour) -> np.ndarray:
    gdal.ErrorReset()
    values = band.ReadAsArray(*place, resample_alg=resampling)
    if values is None or gdal.GetLastErrorType() >= gdal.CE_Failure:
        raise RuntimeError(gdal.GetLastErrorMsg())
    return values


def unreadable(cause: str) -> ImageryError:
    """The error for samples that GDAL or a provider fails to read."""
    sentence = translate("Rsgpt", "The pixels cannot be read ({cause}). Check that the raster is whole.")
    return ImageryError(sentence.format(cause=cause.strip() or "?"))
