"""Found objects as points with boxes, and which of them are the same object."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

_SAME_CENTER = 0.25  # of a side: a point this near to the center of a box is the same object
_SAME_BOX = 0.45  # intersection over union of the boxes of one object
_SMALLEST_AREA = 1e-9
# Largest distance of the centers of one object, in sides of one box: both boxes overlap, and the other is at most
# 1 / _SAME_BOX times as large.
_REACH = 0.5 * (1 + 1 / _SAME_BOX)
_CELL = 256.0  # pixels; only objects in the same and in neighboring cells are compared

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class FoundPoint:
    """One object: its center, a confidence from 0 to 1, and its box (x, y, width, height), all in pixels."""

    x: float
    y: float
    confidence: float
    box: Box

    def moved(self, right: float, down: float) -> FoundPoint:
        """Return the point moved by a number of pixels."""
        x, y, width, height = self.box
        return replace(self, x=self.x + right, y=self.y + down, box=(x + right, y + down, width, height))

    def scaled(self, across: float, down: float) -> FoundPoint:
        """Return the point in a picture whose width and height are multiplied by two factors."""
        x, y, width, height = self.box
        box = (x * across, y * down, width * across, height * down)
        return replace(self, x=self.x * across, y=self.y * down, box=box)

    def clipped(self, width: float, height: float) -> FoundPoint:
        """Return the point with its box clipped to a picture of this size."""
        x, y, box_width, box_height = self.box
        left, top = min(max(x, 0.0), width), min(max(y, 0.0), height)
        right, bottom = min(max(x + box_width, left), width), min(max(y + box_height, top), height)
        return replace(self, box=(left, top, right - left, bottom - top))


def without_duplicates(points: Sequence[FoundPoint]) -> list[FoundPoint]:
    """Return the points, likeliest first, without those of an object that a likelier point has found."""
    return [points[index] for index in distinct(np.array([_values(point) for point in points]).reshape(-1, 7))]


def distinct(values: np.ndarray) -> list[int]:
    """Return the rows of the distinct objects, likeliest first.

    values: [objects, 7], x, y, confidence, and box (x, y, width, height) of each.
    """
    order = np.argsort(-values[:, 2], kind="stable")
    ordered = values[order]
    centers, boxes = ordered[:, :2], ordered[:, 3:]
    cells = _by_cell(centers)
    is_kept = np.ones(len(ordered), dtype=bool)
    for index in range(len(ordered)):
        if is_kept[index]:
            others = _near(cells, centers[index], boxes[index])
            others = others[others > index]
            is_kept[others] &= ~_is_same(boxes[index], boxes[others], centers[others])
    return [int(index) for index in order[is_kept]]


def overlaps(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the intersection over union, 0 to 1, of a box with each of the others, [n, 4]."""
    ends = np.minimum(box[:2] + box[2:], others[:, :2] + others[:, 2:])
    shared = np.clip(ends - np.maximum(box[:2], others[:, :2]), 0, None).prod(axis=1)
    union = box[2:].prod() + others[:, 2:].prod(axis=1) - shared
    return np.asarray(shared / np.maximum(union, _SMALLEST_AREA))


def _values(point: FoundPoint) -> tuple[float, ...]:
    return (point.x, point.y, point.confidence, *point.box)


def _by_cell(centers: np.ndarray) -> dict[tuple[int, int], np.ndarray]:
    """Return the numbers of the centers in each cell of a grid."""
    cells = np.floor(centers / _CELL).astype(int)
    order = np.lexsort(cells.T)  # stable: the numbers of a cell ascend
    starts = np.flatnonzero(np.diff(cells[order], axis=0).any(axis=1)) + 1
    groups = [numbers for numbers in np.split(order, starts) if len(numbers)]
    return {(int(cells[numbers[0], 0]), int(cells[numbers[0], 1])): numbers for numbers in groups}


def _near(cells: dict[tuple[int, int], np.ndarray], center: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Return the numbers of all centers that may belong to the object in a box, and of others."""
    middle, reach = box[:2] + box[2:] / 2, _REACH * box[2:]
    low, high = np.minimum(center, middle - reach), np.maximum(center, middle + reach)
    columns, rows = (range(math.floor(a / _CELL), math.floor(b / _CELL) + 1) for a, b in zip(low, high))
    if len(columns) * len(rows) > len(cells):
        return np.sort(np.concatenate(list(cells.values())))
    return np.concatenate([cells[cell] for cell in product(columns, rows) if cell in cells])


def _is_same(box: np.ndarray, others: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Return which of the other objects are the one in the box. others: [n, 4]; centers: [n, 2] of the others."""
    middle = box[:2] + box[2:] / 2
    is_near = (np.abs(centers - middle) <= _SAME_CENTER * box[2:]).all(axis=1)
    return np.asarray(is_near | (overlaps(box, others) >= _SAME_BOX))
