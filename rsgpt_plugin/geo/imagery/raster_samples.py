"""Pixel-exact samples of a raster and their no-data masks."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from qgis.core import Qgis, QgsRasterBlock, QgsRasterDataProvider, QgsRectangle

from ...shared.rasters.bands import BandChoice, BandMeaning
from ...shared.rasters.pixels import Pixels, no_data_mask, stack_bands
from ...shared.rasters.tiles import Window
from .provider_bands import meanings
from .raster_file import FileAddress, FileSource, NoData, open_file, read_error, unsupported_values
from .tile_geometry import QgisGrid

_TYPES = {
    Qgis.DataType.Byte: np.uint8,
    Qgis.DataType.Int8: np.int8,
    Qgis.DataType.UInt16: np.uint16,
    Qgis.DataType.Int16: np.int16,
    Qgis.DataType.UInt32: np.uint32,
    Qgis.DataType.Int32: np.int32,
    Qgis.DataType.Float32: np.float32,
    Qgis.DataType.Float64: np.float64,
}


class PixelSource(Protocol):
    """Samples on a frame. meanings: the meaning of each band, in order."""

    frame: QgisGrid
    meanings: list[BandMeaning]

    def read(self, bands: BandChoice, window: Window, size: tuple[int, int]) -> Pixels:
        """Read a window inside the frame. size: width and height of the result. Raises ImageryError if it fails."""


class ProviderSource:
    """A PixelSource that reads a clone of a layer's provider. Use it in one thread."""

    def __init__(self, provider: QgsRasterDataProvider) -> None:
        self._provider = provider
        extent, width, height = provider.extent(), provider.xSize(), provider.ySize()
        transform = (extent.xMinimum(), extent.width() / width, 0.0,
                     extent.yMaximum(), 0.0, -extent.height() / height)  # fmt: skip
        self.frame = QgisGrid(transform, width, height)
        self.meanings = meanings(provider)
        # Average when a large area is downscaled; without this, the provider skips pixels.
        if (
            provider.providerCapabilities()
            & QgsRasterDataProvider.ProviderCapability.ProviderHintCanPerformProviderResampling
        ):
            provider.enableProviderResampling(True)
            provider.setZoomedOutResamplingMethod(QgsRasterDataProvider.ResamplingMethod.Average)
            provider.setMaxOversampling(1e6)

    def read(self, bands: BandChoice, window: Window, size: tuple[int, int]) -> Pixels:
        """See PixelSource."""
        left, top = self.frame.point(window.x, window.y)
        right, bottom = self.frame.point(window.x + window.width, window.y + window.height)
        extent = QgsRectangle(left, bottom, right, top)
        pairs = [self._band(band, extent, size) for band in bands.numbers]
        opaque = self._band(bands.alpha, extent, size)[0] > 0 if bands.alpha else None
        return stack_bands([values for values, _ in pairs], [valid for _, valid in pairs], opaque)

    def _band(self, band: int, extent: QgsRectangle, size: tuple[int, int]) -> Pixels:
        block = self._provider.block(band, extent, *size)
        if block is None or not block.isValid() or not block.error().isEmpty():
            raise read_error(block.error().summary() if block is not None else "")
        values = _array(block)
        valid = ~no_data_mask(values, block.noDataValue()) if block.hasNoDataValue() else np.ones(values.shape, bool)
        for span in self._provider.userNoDataValues(band):
            valid &= ~((values >= span.min()) & (values <= span.max()))
        return self._unscaled(band, values), valid

    def _unscaled(self, band: int, values: np.ndarray) -> np.ndarray:
        """Return the values as stored, without the scale and offset that QGIS applies."""
        scale, offset = self._provider.bandScale(band), self._provider.bandOffset(band)
        kind = _TYPES.get(self._provider.sourceDataType(band))
        if kind is None or (scale, offset) == (1.0, 0.0) or not scale:
            return values
        stored = (values.astype(np.float64) - offset) / scale
        return stored.astype(kind) if np.issubdtype(kind, np.floating) else _rounded(stored, kind)


def open_source(provider: QgsRasterDataProvider, address: FileAddress) -> PixelSource:
    """Return a source for the file if it has a grid, else for the provider (databases, ground control points).

    The file is preferred, as QGIS scales samples and resamples grids that are not north up.
    """
    return _open_file(provider, address) or ProviderSource(provider)


def _open_file(provider: QgsRasterDataProvider, address: FileAddress) -> FileSource | None:
    bands = range(1, provider.bandCount() + 1)
    ignored = frozenset(
        band for band in bands if provider.sourceHasNoDataValue(band) and not provider.useSourceNoDataValue(band)
    )
    ranges = {band: [(span.min(), span.max()) for span in provider.userNoDataValues(band)] for band in bands}
    return open_file(address, NoData(ignored, {band: spans for band, spans in ranges.items() if spans}), len(bands))


def _array(block: QgsRasterBlock) -> np.ndarray:
    kind = _TYPES.get(block.dataType())
    if kind is None:
        raise unsupported_values()
    return np.frombuffer(bytes(block.data()), dtype=kind).reshape(block.height(), block.width()).copy()


def _rounded(values: np.ndarray, kind: type) -> np.ndarray:
    limits = np.iinfo(kind)
    return np.clip(np.nan_to_num(np.rint(values)), limits.min, limits.max).astype(kind)
