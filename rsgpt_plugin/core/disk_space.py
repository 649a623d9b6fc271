"""Free disk space, and the space that a run needs."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from ..shared.i18n import translate

_ROW = 4_000  # bytes per output row and its cached answers, including indexes
_PICTURE = 130_000  # bytes per 256-pixel tile as PNG; most are smaller
_MB = 1e6


def run_bytes(rows: int, picture_limit: int) -> int:
    """Return the maximum number of bytes that a run writes. picture_limit: bytes of the picture store."""
    return rows * _ROW + min(rows * _PICTURE, picture_limit)


def missing_space(paths: Iterable[Path], needed: int) -> str:
    """Return a message about the first path whose disk has less than `needed` bytes free, or ""."""
    for path in paths:
        free = free_bytes(path)
        if free < needed:
            sentence = translate("Rsgpt", "The run needs up to {needed} MB; {free} MB are free in {folder}.")
            return sentence.format(needed=_in_mb(needed), free=_in_mb(free), folder=_existing(path))
    return ""


def free_bytes(path: Path) -> int:
    """Return the free bytes on the disk of a file or folder, which need not exist."""
    return shutil.disk_usage(_existing(path)).free


def _existing(path: Path) -> Path:
    """Return the closest existing folder of a path."""
    return next(folder for folder in (path, *path.absolute().parents) if folder.is_dir())


def _in_mb(number: float) -> str:
    return f"{number / _MB:,.1f}"
