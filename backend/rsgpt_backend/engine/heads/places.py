"""The place in the picture, one of nine, of points or of a region."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rsgpt_plugin.shared.answers.places import place

_RADIUS = 0.2  # of a group of points, as part of the picture's sides
_MOST_POINTS = 500  # each is compared with each other
_SHIFTS = 20  # a group's center rests after a few
_GRID = 24  # rows and columns to which the map of a region is reduced
_COVERED = 0.5  # minimum probability of a cell of a region
_HIGH = 0.85  # of the highest value
_SMALLEST_REGION = 0.004  # of the picture; less is noise

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Location:
    """Where something is. x, y: its center, 0 to 1 from the top left corner.

    share: the part of it, 0 to 1, that is there; 1 for a single object. confidence: that it is there, 0 to 1.
    """

    x: float
    y: float
    share: float
    confidence: float

    @property
    def place(self) -> str:
        """The name of the ninth of the picture that contains the center."""
        return place(self.x, self.y)


def densest_group(points: Sequence[tuple[float, float, float]]) -> Location | None:
    """Return where the most points are close together, None without points.

    points: x and y, 0 to 1 from the top left corner, and their confidence, 0 to 1. The center is found by mean shift
    from each point (Comaniciu and Meer, 2002).
    """
    if not points:
        return None
    likeliest = sorted(points, key=lambda point: -point[2])[:_MOST_POINTS]
    values = np.array(likeliest, dtype=float)
    positions, weights = values[:, :2], values[:, 2]
    centers = _shifted(positions, weights)
    members = _near(centers, positions)
    best = int((members * weights).sum(axis=1).argmax())
    group = members[best]
    x, y = (positions[group] * weights[group, None]).sum(axis=0) / weights[group].sum()
    share = weights[group].sum() / weights.sum()
    return Location(float(x), float(y), float(share), float(weights[group].mean()))


def largest_patch(probabilities: NDArray[np.floating]) -> Location | None:
    """Return where the largest connected part of a region is, None if the picture shows hardly any of the region.

    probabilities: [rows, columns] of even cells of the picture, 0 to 1.
    """
    cells = _reduced(np.asarray(probabilities, dtype=float))
    return _largest(cells, covered_cells(cells), _SMALLEST_REGION)


def covered_cells(probabilities: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return the cells that belong to a region, of their probabilities."""
    return np.asarray(probabilities >= _COVERED)


def highest_patch(values: NDArray[np.floating]) -> Location | None:
    """Return where the largest connected part of the highest values is, None if all are 0.

    values: [rows, columns] of even cells of the picture, 0 to 1.
    """
    cells = _reduced(np.asarray(values, dtype=float))
    return _largest(cells, _high(cells)) if cells.max() > 0 else None


def highest_cells(values: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return the cells, at most _GRID rows and columns, with the highest values."""
    return _high(_reduced(np.asarray(values, dtype=float)))


def _high(cells: Array) -> NDArray[np.bool_]:
    return np.asarray(cells >= _HIGH * cells.max())


def _largest(cells: Array, covered: NDArray[np.bool_], smallest: float = 0.0) -> Location | None:
    """Return where the largest connected part is. smallest: part of the picture below which it is ignored."""
    patches = list(_patches(covered))
    patch = max(patches, key=len, default=[])
    if not patch or len(patch) < smallest * cells.size:
        return None
    rows, columns = np.array(patch).T
    weights = cells[rows, columns]
    x = ((columns + 0.5) * weights).sum() / weights.sum() / cells.shape[1]
    y = ((rows + 0.5) * weights).sum() / weights.sum() / cells.shape[0]
    return Location(float(x), float(y), len(patch) / sum(map(len, patches)), float(weights.mean()))


def _shifted(positions: Array, weights: Array) -> Array:
    """Return the center of the group around each point, [n, 2]."""
    centers = positions
    for _ in range(_SHIFTS):
        pull = _near(centers, positions) * weights
        centers = pull @ positions / pull.sum(axis=1, keepdims=True)
    return centers


def _near(centers: Array, positions: Array) -> NDArray[np.bool_]:
    """Return which points are in the group around each center, [centers, points]."""
    distances = np.linalg.norm(centers[:, None] - positions[None], axis=2)
    return np.asarray(distances <= np.maximum(_RADIUS, distances.min(axis=1, keepdims=True)))


def _reduced(probabilities: Array) -> Array:
    """Return the means over at most _GRID rows and columns."""
    for axis in (0, 1):
        length = probabilities.shape[axis]
        starts = np.unique(np.arange(min(_GRID, length)) * length // min(_GRID, length))
        counts = np.diff([*starts, length]).reshape((-1, 1) if axis == 0 else (1, -1))
        probabilities = np.add.reduceat(probabilities, starts, axis=axis) / counts
    return probabilities


def _patches(covered: NDArray[np.bool_]) -> Iterable[list[tuple[int, int]]]:
    """Yield the connected parts of a mask as lists of row and column."""
    left = set(zip(*(index.tolist() for index in covered.nonzero()), strict=True))
    while left:
        patch = [left.pop()]
        for row, column in patch:  # grows while it is read
            neighbors = {(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)} & left
            left -= neighbors
            patch += neighbors
        yield patch
