"""Objects of overlapping windows, each once."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np

from .found_points import FoundPoint, distinct
from .search_grid import SearchGrid

_VALUES = 8  # numbers per object: window, x, y, confidence, and the four of its box
_CONFIDENCE = 3


class ObjectMerger:
    """Collects the objects of one kind from all windows of a grid, as 64 bytes each."""

    def __init__(self, grid: SearchGrid) -> None:
        self._grid = grid
        self._values = array("d")

    def add(self, number: int, points: Sequence[FoundPoint], side: float) -> None:
        """Add the points of a window, in pixels of its picture of this side."""
        for point in points:
            placed = self._grid.placed(number, point, side)
            if placed is not None:
                self._values.extend((number, placed.x, placed.y, placed.confidence, *placed.box))

    def merged(self, least_confidence: float = 0.0) -> np.ndarray:
        """Return each object once, for `found_objects`, in the order of windows; [objects, 8].

        Objects with a lower confidence are left out.
        """
        values = np.asarray(self._values).reshape(-1, _VALUES)
        kept = values[distinct(values[:, 1:])]
        kept = kept[kept[:, _CONFIDENCE] >= least_confidence]
        return np.asarray(kept[np.argsort(kept[:, 0], kind="stable")])

    def found_objects(self, merged: np.ndarray) -> list[tuple[int, FoundPoint]]:
        """Return rows of `merged` as the window that found an object, and the object, in the raster's pixels."""
        width, height = self._grid.frame.width, self._grid.frame.height
        return [
            (int(number), FoundPoint(x, y, confidence, (left, top, across, down)).clipped(width, height))
            for number, x, y, confidence, left, top, across, down in merged.tolist()
        ]
