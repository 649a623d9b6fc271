"""Which bands of a layer become red, green and blue. Reads no pixels and knows no stretch."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.core import QgsRaster, QgsRasterDataProvider
from qgis.PyQt.QtCore import QCoreApplication

from ..errors import ImageryError

translate = QCoreApplication.translate

_RGB = (
    QgsRaster.ColorInterpretation.RedBand,
    QgsRaster.ColorInterpretation.GreenBand,
    QgsRaster.ColorInterpretation.BlueBand,
)


@dataclass(frozen=True)
class BandChoice:
    """numbers: one band (grey) or three (red, green, blue), from 1. alpha: the band that hides, or 0.

    note: what the user should know of the choice, or "".
    """

    numbers: tuple[int, ...]
    alpha: int = 0
    note: str = ""

    def describe(self) -> str:
        """For the `bands` column."""
        return ",".join(str(number) for number in self.numbers)


def is_paletted(provider: QgsRasterDataProvider) -> bool:
    """Whether the first band holds colour numbers, which mean nothing without their palette."""
    return provider.colorInterpretation(1) == QgsRaster.ColorInterpretation.PaletteIndex


def choose_bands(
    provider: QgsRasterDataProvider, renderer_bands: tuple[int, ...], asked: tuple[int, ...]
) -> BandChoice:
    """The bands asked for; else by colour meaning; else as the style shows them; else the first.

    Raises ImageryError for asked bands that are not there, or neither one nor three.
    """
    meanings = {band: provider.colorInterpretation(band) for band in range(1, provider.bandCount() + 1)}
    alpha = next((b for b, m in meanings.items() if m == QgsRaster.ColorInterpretation.AlphaBand), 0)
    colours = [band for band in meanings if band != alpha]
    if asked:
        return BandChoice(_checked(asked, len(meanings)), alpha)
    if not colours:
        raise ImageryError(translate("Rsgpt", "The layer has no band that can be shown. Choose another layer."))
    if len(colours) == 2:
        note = translate("Rsgpt", "The layer has two bands; the first is shown to the model as grey.")
        return BandChoice((colours[0],), alpha, note)
    if len(colours) == 1:
        return BandChoice((colours[0],), alpha)
    return BandChoice(_by_meaning(meanings) or renderer_bands or tuple(colours[:3]), alpha)


def _by_meaning(meanings: dict[int, object]) -> tuple[int, ...]:
    found = [next((b for b, m in meanings.items() if m == colour), 0) for colour in _RGB]
    return tuple(found) if all(found) else ()


def _checked(asked: tuple[int, ...], count: int) -> tuple[int, ...]:
    if len(asked) not in (1, 3):
        raise ImageryError(
            translate("Rsgpt", "Choose one band (grey) or three bands (red, green, blue), in that order.")
        )
    missing = [band for band in asked if not 1 <= band <= count]
    if missing:
        raise ImageryError(
            translate("Rsgpt", "The layer has no band {band}; choose from 1 to {count}.").format(
                band=missing[0], count=count
            )
        )
    return asked
