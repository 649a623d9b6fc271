"""From the found objects of windows to values of rows, one row per object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Callable, Optional

import numpy as np

from ..results.columns import CONFIDENCE, OBJECT, SEARCH_WINDOW
from ..results.rows import Cell
from .found_points import FoundPoint
from .found_text import FoundInPicture
from .merging import ObjectMerger
from .search_grid import SearchGrid

_PAGE = 4096  # objects at once

# Returns for each of several points, in the raster's pixels, whether it counts.
IsInside = Callable[[Sequence[FoundPoint]], np.ndarray]


@dataclass(frozen=True)
class WindowOrigin:
    """Provenance of the objects of a window. asked_at: ISO 8601."""

    image_sha256: str
    gsd_m: Optional[float]
    asked_at: str


@dataclass(frozen=True)
class FoundObject:
    """An object of a raster. number: of the window that found it. point: in the raster's pixels."""

    label: str
    number: int
    point: FoundPoint
    origin: WindowOrigin

    def values(self) -> dict[str, Cell]:
        """Return the values that differ between the objects of a raster, by column; asked_at as text."""
        return {
            OBJECT: self.label,
            CONFIDENCE: round(self.point.confidence, 6),
            SEARCH_WINDOW: self.number,
            "image_sha256": self.origin.image_sha256,
            "gsd_m": self.origin.gsd_m,
            "asked_at": self.origin.asked_at,
        }


class ObjectCollector:
    """Collects the objects of a raster's windows, and returns each object once."""

    def __init__(self, grid: SearchGrid, labels: Sequence[str], least_confidence: float = 0.0) -> None:
        """labels: the objects to collect. least_confidence: objects below it are left out, 0 to 1."""
        self._mergers = {label: ObjectMerger(grid) for label in labels}
        self._least_confidence = least_confidence
        self._origins: dict[int, WindowOrigin] = {}

    def add(self, number: int, found: FoundInPicture, origin: WindowOrigin) -> None:
        """Add the objects of a window."""
        for label, merger in self._mergers.items():
            points = found.points.get(label, ())
            if points:
                merger.add(number, points, found.width)
                self._origins[number] = origin

    def merged(self, is_inside: Optional[IsInside] = None) -> dict[str, np.ndarray]:
        """Return each object once by label, for `pages`, [objects, 8]. is_inside: None if all objects count."""
        merged = {label: merger.merged(self._least_confidence) for label, merger in self._mergers.items()}
        if is_inside is None:
            return merged
        return {label: _inside(self._mergers[label], values, is_inside) for label, values in merged.items()}

    def pages(self, merged: Mapping[str, np.ndarray]) -> Iterator[list[FoundObject]]:
        """Yield the objects, some of one label at once, in the order of windows."""
        for label, values in merged.items():
            for page in _pages(values):
                found = self._mergers[label].found_objects(page)
                yield [FoundObject(label, number, point, self._origins[number]) for number, point in found]


def _inside(merger: ObjectMerger, values: np.ndarray, is_inside: IsInside) -> np.ndarray:
    masks = [is_inside([point for _, point in merger.found_objects(page)]) for page in _pages(values)]
    return np.asarray(values[np.concatenate(masks).astype(bool)]) if masks else values


def _pages(values: np.ndarray) -> Iterator[np.ndarray]:
    return (values[start : start + _PAGE] for start in range(0, len(values), _PAGE))
