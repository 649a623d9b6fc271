"""The pixels of a layer's provider, and the color interpretation of its bands."""

from __future__ import annotations

from qgis.core import QgsRaster, QgsRasterDataProvider

from ...shared.rasters.bands import BandMeaning

_MEANINGS = {
    QgsRaster.ColorInterpretation.RedBand: BandMeaning.RED,
    QgsRaster.ColorInterpretation.GreenBand: BandMeaning.GREEN,
    QgsRaster.ColorInterpretation.BlueBand: BandMeaning.BLUE,
    QgsRaster.ColorInterpretation.AlphaBand: BandMeaning.ALPHA,
    QgsRaster.ColorInterpretation.PaletteIndex: BandMeaning.PALETTE,
}


def meanings(provider: QgsRasterDataProvider) -> list[BandMeaning]:
    """Return the meaning of each band, in order."""
    numbers = range(1, provider.bandCount() + 1)
    return [_MEANINGS.get(provider.colorInterpretation(number), BandMeaning.OTHER) for number in numbers]


def has_pixels(provider: QgsRasterDataProvider) -> bool:
    """Whether the provider has pixels to read. A map service that draws pictures has none."""
    return provider.xSize() > 0 and provider.ySize() > 0 and provider.bandCount() > 0


def is_paletted(provider: QgsRasterDataProvider) -> bool:
    """Whether the first band holds indexes into a palette."""
    return provider.colorInterpretation(1) == QgsRaster.ColorInterpretation.PaletteIndex
