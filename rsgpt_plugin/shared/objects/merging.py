"""Objects of overlapping windows, each once."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np

from .found_points import FoundPoint, distinct
from .search_grid import SearchGrid

_VALUES = 8  # numbers per object: window, x, y, confidence, and the four of its box


class ObjectMerger:
    """Collects the objects of one kind from all windows of a grid; 64 bytes each."""

    def __init__(self, grid: SearchGrid) -> None:
        self._grid = grid
        self._values = array("d")

    def add(self, number: int, points: Sequence[FoundPoint], side: float) -> None:
        """Add the points of a window, in pixels of its picture of this side."""
        for point in points:
            placed = self._grid.placed(number, point, side)
            if placed is not None:
                self._values.extend((number, placed.x, placed.y, placed.confidence, *placed.box))

    def merged(self) -> list[tuple[int, FoundPoint]]:
        """Return each object once, in the raster's pixels, with the number of the window that found it, in order."""
        values = np.array(self._values).reshape(-1, _VALUES)
        kept = values[distinct(values[:, 1:])]
        kept = kept[np.argsort(kept[:, 0], kind="stable")]
        width, height = self._grid.frame.width, self._grid.frame.height
        return [
            (int(number), FoundPoint(x, y, confidence, (left, top, across, down)).clipped(width, height))
            for number, x, y, confidence, left, top, across, down in kept.tolist()
        ]
