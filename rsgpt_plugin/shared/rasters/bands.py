"""Which bands of a raster become red, green and blue, and which one hides. Reads no pixels and knows no stretch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from ..errors import ImageError
from ..i18n import translate


class BandMeaning(Enum):
    """What a raster says that a band holds."""

    RED = "red"
    GREEN = "green"
    BLUE = "blue"
    ALPHA = "alpha"
    PALETTE = "palette"
    OTHER = "other"


@dataclass(frozen=True)
class BandChoice:
    """numbers: one band (grey) or three (red, green, blue), from 1. alpha: the band that hides, or 0.

    note: what the user should know of the choice, or "".
    """

    numbers: tuple[int, ...]
    alpha: int = 0
    note: str = field(default="", compare=False)

    def describe(self) -> str:
        """For the `bands` column."""
        return ",".join(str(number) for number in self.numbers)


def choose_bands(meanings: Sequence[BandMeaning], asked: tuple[int, ...], style: tuple[int, ...] = ()) -> BandChoice:
    """The bands asked for; else by colour meaning; else as the layer's style shows them; else the first.

    meanings: of all bands in order. style: three bands, or () where there is no style.
    An alpha band hides, unless it is asked for as a colour. ImageError for asked bands that do not exist, or that are
    neither one nor three.
    """
    alpha = _alpha(meanings)
    if asked:
        return BandChoice(_checked(asked, len(meanings)), 0 if alpha in asked else alpha)
    colours = [number for number in range(1, len(meanings) + 1) if number != alpha]
    if not colours:
        raise ImageError(translate("Rsgpt", "The raster has no band that can be shown. Choose another one."))
    if len(colours) == 2:
        note = translate("Rsgpt", "The layer has two bands; the first is shown to the model as grey.")
        return BandChoice((colours[0],), alpha, note)
    if len(colours) == 1:
        return BandChoice((colours[0],), alpha)
    shown = style if style and alpha not in style else tuple(colours[:3])
    return BandChoice(_by_colour(meanings) or shown, alpha)


def _by_colour(meanings: Sequence[BandMeaning]) -> tuple[int, ...]:
    colours = (BandMeaning.RED, BandMeaning.GREEN, BandMeaning.BLUE)
    return tuple(meanings.index(colour) + 1 for colour in colours) if set(colours) <= set(meanings) else ()


def _alpha(meanings: Sequence[BandMeaning]) -> int:
    """The alpha band, or 0. In TIFF the flag belongs to the first band after the colours that the file names.

    A file that names only one (as GDAL does by default for 16 bits) flags its second band, which is a colour. So the
    flag counts for the last band, and for others where red, green and blue are named.
    """
    if BandMeaning.ALPHA not in meanings:
        return 0
    number = meanings.index(BandMeaning.ALPHA) + 1
    return number if number == len(meanings) or _by_colour(meanings) else 0


def _checked(asked: tuple[int, ...], count: int) -> tuple[int, ...]:
    if len(asked) not in (1, 3):
        raise ImageError(translate("Rsgpt", "Choose one band (grey) or three bands (red, green, blue), in that order."))
    missing = [band for band in asked if not 1 <= band <= count]
    if missing:
        sentence = translate("Rsgpt", "The raster has no band {band}; choose from 1 to {count}.")
        raise ImageError(sentence.format(band=missing[0], count=count))
    return asked
