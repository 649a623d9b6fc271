"""Rasters with white pixels, and an engine that takes each of them for an airplane."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rsgpt_backend.batch.objects.search_plan import SearchOptions
from rsgpt_backend.predictor import Answer, Ask
from rsgpt_plugin.shared.objects.found_points import FoundPoint
from rsgpt_plugin.shared.objects.found_text import FoundInPicture, found_text
from tests.backend.batch.rasters import NORTH_UP, OddGeoTiff, write

OPTIONS = SearchOptions(640, 0.05)
SIDE = 20.0  # pixels, of the box of a dot


class DotFinder:
    """Finds an airplane at each white pixel, and a car at each pixel with the value 200."""

    def __init__(self) -> None:
        self.windows = 0

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        self.windows += len(asks)
        return [Answer(self._found(ask), (), 1.0, "stop", False, 0) for ask in asks]

    def _found(self, ask: Ask) -> str:
        gray = np.asarray(ask.image)[..., 0]
        dots = {label: _points(gray == value) for label, value in (("airplane", 255), ("car", 200))}
        return found_text(FoundInPicture(*ask.image.size, dots))


def _points(is_dot: np.ndarray) -> list[FoundPoint]:
    dots = [(column + 0.5, row + 0.5) for row, column in np.argwhere(is_dot).tolist()]
    return [FoundPoint(x, y, 0.9, (x - SIDE / 2, y - SIDE / 2, SIDE, SIDE)) for x, y in dots]


def dotted(width: int = 1000, height: int = 700, every: int = 41) -> np.ndarray:
    """Return 3 x height x width, uint8, with white pixels so that some lie near the seams of windows.

    The background has so many gray levels that it is not stretched.
    """
    values = np.empty((3, height, width), np.uint8)
    values[:] = 20 + np.add.outer(np.arange(height), np.arange(width)) % 100
    values[:, 7::every, 5::every] = 255
    return values


def write_part(path: Path, values: np.ndarray, left: int = 0, top: int = 0) -> Path:
    """Write a raster without its first columns and rows."""
    x, y = NORTH_UP[0] + left * NORTH_UP[1], NORTH_UP[3] + top * NORTH_UP[5]
    return write(path, values[:, top:, left:], OddGeoTiff((x, *NORTH_UP[1:3], y, *NORTH_UP[4:])))
