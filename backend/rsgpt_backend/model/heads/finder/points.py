"""From the maps of the finder to points: peaks above a threshold, in pixels, without duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from ...config import FinderConfig
from .network import FinderMaps

_MAX_POINTS = 500  # per label and window; an untrained finder would return one in nine cells
_SAME_CENTER = 0.25  # of a side: a point this near to the center of a box is the same object
_SAME_BOX = 0.45  # intersection over union of the boxes of one object
_MAX_LOG_SIDE = 9.0  # limit before the exponential, which would overflow

_SMALLEST_AREA = 1e-9

Array = NDArray[np.float64]
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


def decode(maps: FinderMaps, config: FinderConfig, thresholds: Sequence[float]) -> list[dict[str, list[FoundPoint]]]:
    """Return the points of each picture of a batch by label, likeliest first, in pixels of the finder's input.

    thresholds: minimum confidence by label. A peak is a cell that no neighbor exceeds.
    """
    probabilities = maps.centers.float().sigmoid()
    is_peak = probabilities == F.max_pool2d(probabilities, 3, 1, 1)
    limits = torch.tensor(thresholds, device=probabilities.device)[:, None, None]
    is_peak &= probabilities >= limits
    found = []
    for picture in range(len(probabilities)):
        points = {
            label: without_duplicates(_points(maps, probabilities, is_peak, (picture, index), config.stride))
            for index, label in enumerate(config.labels)
        }
        found.append(points)
    return found


def without_duplicates(points: Sequence[FoundPoint]) -> list[FoundPoint]:
    """Return the points, likeliest first, without those of an object that a likelier point has found."""
    ordered = sorted(points, key=lambda point: -point.confidence)
    boxes = np.array([point.box for point in ordered], dtype=float).reshape(-1, 4)
    centers = np.array([(point.x, point.y) for point in ordered], dtype=float).reshape(-1, 2)
    is_kept = np.ones(len(ordered), dtype=bool)
    for index in range(len(ordered)):
        if is_kept[index]:
            is_kept[index + 1 :] &= ~_is_same(boxes[index], boxes[index + 1 :], centers[index + 1 :])
    return [point for point, keep in zip(ordered, is_kept, strict=True) if keep]


def _points(
    maps: FinderMaps, probabilities: Tensor, is_peak: Tensor, place: tuple[int, int], stride: int
) -> list[FoundPoint]:
    """Return the peaks of one label in one picture. place: index of the picture and of the label."""
    picture, label = place
    rows, columns = is_peak[picture, label].nonzero(as_tuple=True)
    confidence, order = probabilities[picture, label, rows, columns].sort(descending=True)
    rows, columns = rows[order][:_MAX_POINTS], columns[order][:_MAX_POINTS]
    sides = maps.sizes[picture, :, rows, columns].float().clamp(max=_MAX_LOG_SIDE).exp()
    offsets = maps.offsets[picture, :, rows, columns].float().clamp(0, 1)
    centers = (torch.stack([columns, rows]) + offsets) * stride
    values = torch.cat([centers, confidence[None, :_MAX_POINTS], sides]).T.tolist()
    return [FoundPoint(x, y, sure, (x - w / 2, y - h / 2, w, h)) for x, y, sure, w, h in values]


def _is_same(box: Array, others: Array, centers: Array) -> NDArray[np.bool_]:
    """Return which of the other objects are the one in the box. others: [n, 4]; centers: [n, 2] of the others."""
    middle = box[:2] + box[2:] / 2
    is_near = (np.abs(centers - middle) <= _SAME_CENTER * box[2:]).all(axis=1)
    return np.asarray(is_near | (overlaps(box, others) >= _SAME_BOX))


def overlaps(box: Array, others: Array) -> Array:
    """Return the intersection over union, 0 to 1, of a box with each of the others, [n, 4]."""
    ends = np.minimum(box[:2] + box[2:], others[:, :2] + others[:, 2:])
    shared = np.clip(ends - np.maximum(box[:2], others[:, :2]), 0, None).prod(axis=1)
    union = box[2:].prod() + others[:, 2:].prod(axis=1) - shared
    return np.asarray(shared / np.maximum(union, _SMALLEST_AREA))
