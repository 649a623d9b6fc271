"""Raw samples of a raster, pixel exact, with what is no data. Knows no stretch, no colours, no map layers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Protocol

import numpy as np
from osgeo import gdal
from qgis.core import Qgis, QgsRasterBlock, QgsRasterDataProvider, QgsRectangle
from qgis.PyQt.QtCore import QCoreApplication

from ..errors import ImageryError
from .bands import BandChoice
from .grid import Frame, Window

translate = QCoreApplication.translate

# A hostile or exotic file is better left to QGIS's own choice of driver.
_DRIVERS = ["GTiff", "PNG", "JPEG"]

_TYPES = {
    Qgis.DataType.Byte: np.uint8,
    Qgis.DataType.UInt16: np.uint16,
    Qgis.DataType.Int16: np.int16,
    Qgis.DataType.UInt32: np.uint32,
    Qgis.DataType.Int32: np.int32,
    Qgis.DataType.Float32: np.float32,
    Qgis.DataType.Float64: np.float64,
}


class PixelSource(Protocol):
    """Samples on a frame. `read` takes a window inside the frame and the size to read it at, in pixels;

    it returns values (bands x height x width) and valid (bool, height x width), or raises ImageryError.
    """

    frame: Frame

    def read(self, bands: BandChoice, window: Window, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]: ...


class ProviderSource:
    """Samples through a clone of a layer's provider; owned by one thread."""

    def __init__(self, provider: QgsRasterDataProvider) -> None:
        self._provider = provider
        extent, width, height = provider.extent(), provider.xSize(), provider.ySize()
        transform = (extent.xMinimum(), extent.width() / width, 0.0,
                     extent.yMaximum(), 0.0, -extent.height() / height)  # fmt: skip
        self.frame = Frame(transform, width, height)
        # Shrunk reads of large areas should average, not skip, where the provider can.
        if (
            provider.providerCapabilities()
            & QgsRasterDataProvider.ProviderCapability.ProviderHintCanPerformProviderResampling
        ):
            provider.enableProviderResampling(True)
            provider.setZoomedOutResamplingMethod(QgsRasterDataProvider.ResamplingMethod.Average)
            provider.setMaxOversampling(1e6)

    def read(self, bands: BandChoice, window: Window, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """See PixelSource."""
        first = self.frame.point(window.x, window.y)
        last = self.frame.point(window.x + window.width, window.y + window.height)
        extent = QgsRectangle(first.x(), last.y(), last.x(), first.y())
        pairs = [self._band(band, extent, size) for band in bands.numbers]
        shown = self._band(bands.alpha, extent, size)[0] > 0 if bands.alpha else None
        return _joined(pairs, shown)

    def _band(self, band: int, extent: QgsRectangle, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        block = self._provider.block(band, extent, *size)
        if block is None or not block.isValid() or not block.error().isEmpty():
            raise _unreadable(block.error().summary() if block is not None else "")
        values = _array(block)
        valid = ~_equal(values, block.noDataValue()) if block.hasNoDataValue() else np.ones(values.shape, bool)
        for span in self._provider.userNoDataValues(band):
            valid &= ~((values >= span.min()) & (values <= span.max()))
        return values, valid


class GdalSource:
    """Samples of a file on its own, rotated, grid, where a provider would first turn it north up."""

    def __init__(self, dataset: gdal.Dataset) -> None:
        self._dataset = dataset
        self.frame = Frame(tuple(dataset.GetGeoTransform()), dataset.RasterXSize, dataset.RasterYSize)

    def read(self, bands: BandChoice, window: Window, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """See PixelSource."""
        pairs = [self._band(band, window, size) for band in bands.numbers]
        return _joined(pairs, None)

    def _band(self, number: int, window: Window, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        band = self._dataset.GetRasterBand(number)
        place = (window.x, window.y, window.width, window.height, *size)
        try:
            values = band.ReadAsArray(*place, resample_alg=gdal.GRIORA_Average)
            mask = band.GetMaskBand().ReadAsArray(*place)
        except RuntimeError as error:
            raise _unreadable(str(error)) from error
        if values is None or mask is None:
            raise _unreadable(gdal.GetLastErrorMsg())
        if np.iscomplexobj(values):
            raise _no_picture()
        return values, mask > 0


def open_rotated(path: str) -> GdalSource | None:
    """The file's own grid where it is rotated and not mirrored; None where a provider serves as well."""
    if not path or not Path(path).is_file():
        return None
    try:
        dataset = gdal.OpenEx(path, gdal.OF_RASTER | gdal.OF_READONLY, allowed_drivers=_DRIVERS)
    except RuntimeError:
        return None
    transform = dataset.GetGeoTransform(can_return_null=True) if dataset is not None else None
    if not transform or not (transform[2] or transform[4]):
        return None
    mirrored = transform[1] * transform[5] - transform[2] * transform[4] >= 0
    return None if mirrored else GdalSource(dataset)


def _array(block: QgsRasterBlock) -> np.ndarray:
    kind = _TYPES.get(block.dataType())
    if kind is None:
        raise _no_picture()
    return np.frombuffer(bytes(block.data()), dtype=kind).reshape(block.height(), block.width()).copy()


def _equal(values: np.ndarray, nodata: float) -> np.ndarray:
    if math.isnan(nodata):
        return np.isnan(values)
    exact = np.float32(nodata) if values.dtype == np.float32 else nodata
    return np.asarray(values == exact)


def _joined(pairs: list[tuple[np.ndarray, np.ndarray]], shown: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """One array of all bands, and where it is valid.

    In 8 bits the no-data value is often a real value too (black, white), so there all bands must have it.
    """
    values = np.stack([pair[0] for pair in pairs])
    masks = np.stack([pair[1] for pair in pairs])
    valid = np.asarray(masks.any(axis=0) if values.dtype == np.uint8 else masks.all(axis=0))
    if values.dtype.kind == "f":
        valid &= np.isfinite(values).all(axis=0)
    return values, valid if shown is None else valid & shown


def _unreadable(cause: str) -> ImageryError:
    sentence = translate("Rsgpt", "The pixels cannot be read ({cause}). Check that the raster is whole.")
    return ImageryError(sentence.format(cause=cause.strip() or "?"))


def _no_picture() -> ImageryError:
    return ImageryError(
        translate("Rsgpt", "The values of this layer cannot be shown as a picture. Choose rendered capture instead.")
    )
