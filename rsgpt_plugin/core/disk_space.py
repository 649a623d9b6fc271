"""How much room a disk has and a run takes, for the sentence that tells of a full one. Knows no run and no QGIS."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from ..shared.i18n import translate

_ROW = 4_000  # bytes: a row of the output and its answers, each with its share of an index
_PICTURE = 130_000  # a tile of 256 pixels as PNG; most are smaller
_MB = 1e6


def taken(rows: int, most_of_pictures: int) -> int:
    """Bytes that a run of so many rows writes at most; pictures are kept up to a limit, in bytes."""
    return rows * _ROW + min(rows * _PICTURE, most_of_pictures)


def missing_space(places: Iterable[Path], needed: int) -> str:
    """For the first of the places whose disk has less than `needed` bytes: how much, in words; "" where none has."""
    for place in places:
        free = free_bytes(place)
        if free < needed:
            sentence = translate("Rsgpt", "All of the run takes up to {needed} MB; {free} MB are free in {folder}.")
            return sentence.format(needed=_told(needed), free=_told(free), folder=_existing(place))
    return ""


def free_bytes(place: Path) -> int:
    """Bytes that are free where a file or folder lies, or will lie."""
    return shutil.disk_usage(_existing(place)).free


def _existing(place: Path) -> Path:
    """The folder where a file that may not be there yet will lie."""
    return next(folder for folder in (place, *place.absolute().parents) if folder.is_dir())


def _told(number: float) -> str:
    return f"{number / _MB:,.1f}"
