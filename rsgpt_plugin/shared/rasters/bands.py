"""Choice of the raster bands shown as red, green and blue, and of the alpha band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from ..errors import ImageError
from ..i18n import translate


class BandMeaning(Enum):
    """Color interpretation of a band as declared by the raster."""

    RED = "red"
    GREEN = "green"
    BLUE = "blue"
    ALPHA = "alpha"
    PALETTE = "palette"
    OTHER = "other"


@dataclass(frozen=True)
class BandChoice:
    """Bands of a picture. numbers: one band (gray) or three (red, green, blue), from 1. alpha: alpha band, or 0.

    note: message for the user about the choice, or "".
    """

    numbers: tuple[int, ...]
    alpha: int = 0
    note: str = field(default="", compare=False)

    def describe(self) -> str:
        """Return the text of the `bands` column."""
        return ",".join(str(number) for number in self.numbers)


def choose_bands(
    meanings: Sequence[BandMeaning], requested: tuple[int, ...], style: tuple[int, ...] = ()
) -> BandChoice:
    """Choose the requested bands, else bands by color interpretation, else those of the style, else the first ones.

    meanings: of all bands in order. style: three bands, or () without a style. An alpha band masks the picture unless
    it is requested as a color. Raises ImageError if requested bands do not exist or are neither one nor three.
    """
    alpha = _alpha(meanings)
    if requested:
        return BandChoice(_checked(requested, len(meanings)), 0 if alpha in requested else alpha)
    colors = [number for number in range(1, len(meanings) + 1) if number != alpha]
    if not colors:
        raise ImageError(translate("Rsgpt", "The raster has no band that can be shown. Choose another raster."))
    if len(colors) == 2:
        note = translate("Rsgpt", "The layer has two bands. The model is shown the first one in gray.")
        return BandChoice((colors[0],), alpha, note)
    if len(colors) == 1:
        return BandChoice((colors[0],), alpha)
    shown = style if style and alpha not in style else tuple(colors[:3])
    return BandChoice(_by_color(meanings) or shown, alpha)


def _by_color(meanings: Sequence[BandMeaning]) -> tuple[int, ...]:
    colors = (BandMeaning.RED, BandMeaning.GREEN, BandMeaning.BLUE)
    return tuple(meanings.index(color) + 1 for color in colors) if set(colors) <= set(meanings) else ()


def _alpha(meanings: Sequence[BandMeaning]) -> int:
    """Return the alpha band, or 0. In TIFF, the alpha flag belongs to the first band after the declared colors.

    A file that declares only one color (GDAL's default for 16 bits) flags its second band, which is a color. So the
    flag counts only for the last band or if red, green and blue are declared.
    """
    if BandMeaning.ALPHA not in meanings:
        return 0
    number = meanings.index(BandMeaning.ALPHA) + 1
    return number if number == len(meanings) or _by_color(meanings) else 0


def _checked(requested: tuple[int, ...], count: int) -> tuple[int, ...]:
    if len(requested) not in (1, 3):
        raise ImageError(translate("Rsgpt", "Choose one band (gray) or three bands (red, green, blue), in that order."))
    missing = [band for band in requested if not 1 <= band <= count]
    if missing:
        sentence = translate("Rsgpt", "The raster has no band {band}; choose from 1 to {count}.")
        raise ImageError(sentence.format(band=missing[0], count=count))
    return requested
