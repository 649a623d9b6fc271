"""Comparison of found points with the boxes of an object file: a point inside a box finds it, one to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .object_annotations import ObjectBox, ObjectRecord

_CLOSE = 0.2  # largest relative error of a count that is still close
# Labels that are counted as another label, because data sets do not distinguish them in the same way.
_MEMBERS = {"minibus": "car", "bus": "car", "truck": "car"}


@dataclass(frozen=True)
class PointMatch:
    """Numbers of points and boxes of one label in one picture, and of the points that found a box."""

    points: int
    boxes: int
    matched: int

    @property
    def is_close(self) -> bool:
        """Whether the count is at most 20 % off; a count of zero must be exact."""
        return abs(self.points - self.boxes) <= _CLOSE * self.boxes


def counted_as(label: str) -> str:
    """Return the label that a label of an object file is counted as."""
    return _MEMBERS.get(label, label)


def boxes_of(record: ObjectRecord, label: str) -> list[ObjectBox]:
    """Return the boxes that are counted as a label."""
    return [box for box in record.boxes if counted_as(box.label) == label]


def match_points(points: Sequence[tuple[float, float]], boxes: Sequence[ObjectBox]) -> PointMatch:
    """Match points (x, y) to the boxes that contain them, as many as possible, each point and box at most once."""
    inside = [[index for index, box in enumerate(boxes) if _contains(box, x, y)] for x, y in points]
    owner: dict[int, int] = {}  # point of each matched box
    matched = sum(_assign(point, inside, owner, set()) for point in range(len(points)))
    return PointMatch(len(points), len(boxes), matched)


def f1(matches: Sequence[PointMatch]) -> float:
    """Return the F1 score, 0 to 1, over all points and boxes; 1 if there are neither."""
    total = sum(match.points + match.boxes for match in matches)
    return 2 * sum(match.matched for match in matches) / total if total else 1.0


def close_share(matches: Sequence[PointMatch]) -> float:
    """Return the share of pictures, 0 to 1, whose count is at most 20 % off."""
    return sum(match.is_close for match in matches) / len(matches) if matches else 0.0


def _assign(point: int, inside: Sequence[Sequence[int]], owner: dict[int, int], tried: set[int]) -> bool:
    """Give a point a box, if other points can move to other boxes: an augmenting path of a bipartite matching."""
    for box in inside[point]:
        if box in tried:
            continue
        tried.add(box)
        if box not in owner or _assign(owner[box], inside, owner, tried):
            owner[box] = point
            return True
    return False


def _contains(box: ObjectBox, x: float, y: float) -> bool:
    return box.x <= x <= box.x + box.width and box.y <= y <= box.y + box.height
