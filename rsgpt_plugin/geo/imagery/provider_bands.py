"""What the bands of a layer's provider mean. Reads no pixels and knows no stretch."""

from __future__ import annotations

from qgis.core import QgsRaster, QgsRasterDataProvider

from ...shared.rasters.bands import Meaning

_MEANINGS = {
    QgsRaster.ColorInterpretation.RedBand: Meaning.RED,
    QgsRaster.ColorInterpretation.GreenBand: Meaning.GREEN,
    QgsRaster.ColorInterpretation.BlueBand: Meaning.BLUE,
    QgsRaster.ColorInterpretation.AlphaBand: Meaning.ALPHA,
    QgsRaster.ColorInterpretation.PaletteIndex: Meaning.PALETTE,
}


def meanings(provider: QgsRasterDataProvider) -> list[Meaning]:
    """The meaning of each band in order."""
    numbers = range(1, provider.bandCount() + 1)
    return [_MEANINGS.get(provider.colorInterpretation(number), Meaning.OTHER) for number in numbers]


def is_paletted(provider: QgsRasterDataProvider) -> bool:
    """Whether the first band holds colour numbers, which mean nothing without their palette."""
    return provider.colorInterpretation(1) == QgsRaster.ColorInterpretation.PaletteIndex
