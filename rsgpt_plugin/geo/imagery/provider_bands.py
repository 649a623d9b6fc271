"""Color interpretation of the bands of a layer's provider."""

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


def is_paletted(provider: QgsRasterDataProvider) -> bool:
    """Whether the first band holds indexes into a palette."""
    return provider.colorInterpretation(1) == QgsRaster.ColorInterpretation.PaletteIndex
