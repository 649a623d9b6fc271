"""Samples of a raster file as GDAL stores them: unscaled, on the file's own grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Optional

import numpy as np
from osgeo import gdal
from qgis.PyQt.QtCore import QCoreApplication

from ...errors import ImageryError
from ...shared.rasters.bands import BandChoice, BandMeaning
from ...shared.rasters.pixels import Pixels, no_data_mask, stack_bands
from ...shared.rasters.tiles import NO_GEOTRANSFORM, Geotransform, Window, is_valid_geotransform, upright
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
_BAND_NODATA = gdal.GMF_NODATA
_DATASET_MASK = gdal.GMF_PER_DATASET  # a mask band or file, or no-data values of all bands together


@dataclass(frozen=True)
class NoData:
    """The layer's no-data settings.

    ignored: bands whose no-data value in the file is switched off. ranges: additional no-data ranges per band, in
    scaled values.
    """

    ignored: frozenset[int] = frozenset()
    ranges: Mapping[int, Sequence[tuple[float, float]]] = field(default_factory=dict)


@dataclass(frozen=True)
class FileAddress:
    """The GDAL path of a layer and its open options."""

    path: str
    options: tuple[str, ...] = ()

    def open(self) -> Optional[gdal.Dataset]:
        """Open the dataset; return None if GDAL cannot."""
        try:
            return gdal.OpenEx(self.path, gdal.OF_RASTER | gdal.OF_READONLY, open_options=list(self.options))
        except RuntimeError:
            return None

    def has_grid(self) -> bool | None:
        """Whether the pixels have a position on the map; None if GDAL cannot open the dataset."""
        dataset = self.open()
        if dataset is None:
            return None
        return bool(_geotransform(dataset) or dataset.GetGCPCount() or dataset.GetMetadata("RPC"))


class FileSource:
    """A PixelSource that reads a file with GDAL. Use it in one thread.

    It turns the file's grid upright by quarter turns and mirroring, without resampling.
    """

    def __init__(self, address: FileAddress, no_data: NoData, dataset: gdal.Dataset) -> None:
        """dataset: the open dataset of the address, with a geotransform."""
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
        read_window = (stored.x, stored.y, stored.width, stored.height, width, height)
        try:
            values, valid = self._read(bands, read_window)
        except RuntimeError as error:
            self._reopen()
            raise read_error(str(error)) from error
        return self._orientation.upright(values), self._orientation.upright(valid)

    def _read(self, bands: BandChoice, read_window: tuple[int, ...]) -> Pixels:
        pairs = [self._band(number, read_window) for number in bands.numbers]
        opaque = _array(self._dataset.GetRasterBand(bands.alpha), read_window) > 0 if bands.alpha else None
        return stack_bands([values for values, _ in pairs], [valid for _, valid in pairs], opaque)

    def _band(self, number: int, read_window: tuple[int, ...]) -> Pixels:
        band = self._dataset.GetRasterBand(number)
        values = _array(band, read_window, gdal.GRIORA_Average)
        if np.iscomplexobj(values):
            raise unsupported_values()
        if band.GetMetadataItem("PIXELTYPE", "IMAGE_STRUCTURE") == "SIGNEDBYTE":  # GDAL before 3.7
            values = values.view(np.int8)
        return values, self._valid(band, number, values, read_window)

    def _valid(self, band: gdal.Band, number: int, values: np.ndarray, read_window: tuple[int, ...]) -> np.ndarray:
        """Return the mask of pixels with data, by the rules of `rsgpt batch` and the layer's no-data settings."""
        valid = np.ones(values.shape, bool)
        flags, no_data = band.GetMaskFlags(), band.GetNoDataValue()
        if flags & _DATASET_MASK and not flags & gdal.GMF_ALPHA:
            valid = _array(band.GetMaskBand(), read_window) > 0
        elif flags & _BAND_NODATA and no_data is not None and number not in self._no_data.ignored:
            valid = ~no_data_mask(values, no_data)
        scaled = values * (band.GetScale() or 1.0) + (band.GetOffset() or 0.0) if number in self._no_data.ranges else 0
        for low, high in self._no_data.ranges.get(number, ()):
            valid = valid & ~((scaled >= low) & (scaled <= high))
        return valid

    def _reopen(self) -> None:
        """Reopen the dataset: GDAL reports a missing part of a mosaic only once, and returns zeros after that."""
        self._dataset = self._address.open() or self._dataset


def open_file(address: FileAddress, no_data: NoData, bands: int) -> FileSource | None:
    """Open the file of a layer with `bands` bands; return None if the file has no grid.

    Ground control points and RPCs give a position, but not a grid.
    """
    dataset = address.open() if address.path else None
    # QGIS counts a mask as an additional band.
    if dataset is None or not _geotransform(dataset) or not bands - 1 <= dataset.RasterCount <= bands:
        return None
    return FileSource(address, no_data, dataset)


def unsupported_values() -> ImageryError:
    """Return the error for samples that are not real numbers."""
    return ImageryError(
        translate(
            "Rsgpt",
            "The values of this layer are not real numbers and cannot be shown as a picture. Choose another raster.",
        )
    )


def _geotransform(dataset: gdal.Dataset) -> Geotransform | None:
    transform = dataset.GetGeoTransform(can_return_null=True)
    return tuple(transform) if transform and is_valid_geotransform(tuple(transform)) else None


def _array(band: gdal.Band, read_window: tuple[int, ...], resampling: int = gdal.GRIORA_NearestNeighbour) -> np.ndarray:
    gdal.ErrorReset()
    values = band.ReadAsArray(*read_window, resample_alg=resampling)
    if values is None or gdal.GetLastErrorType() >= gdal.CE_Failure:
        raise RuntimeError(gdal.GetLastErrorMsg())
    return values


def read_error(cause: str) -> ImageryError:
    """Return the error for samples that GDAL or a provider cannot read."""
    message = translate("Rsgpt", "The pixels cannot be read ({cause}). Check that the raster file is complete.")
    return ImageryError(message.format(cause=cause.strip() or "?"))
