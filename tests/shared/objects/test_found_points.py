"""Points of objects: moved, scaled, clipped, and each object once."""

from __future__ import annotations

import numpy as np
import pytest

from rsgpt_plugin.shared.objects.found_points import Box, FoundPoint, distinct, overlaps, without_duplicates


def at(x: float, y: float, confidence: float = 0.9, side: float = 10.0) -> FoundPoint:
    return FoundPoint(x, y, confidence, (x - side / 2, y - side / 2, side, side))


def test_a_point_near_the_center_of_a_likelier_one_is_the_same_object() -> None:
    near, likelier, beside = at(12, 10, 0.6), at(10, 10, 0.9), at(17, 10, 0.5)
    assert without_duplicates([near, beside, likelier]) == [likelier, beside]


def test_a_point_with_nearly_the_same_box_is_the_same_object() -> None:
    long = FoundPoint(50, 50, 0.9, (0, 40, 100, 20))
    half = FoundPoint(20, 50, 0.8, (0, 40, 60, 20))
    assert without_duplicates([long, half]) == [long]
    assert without_duplicates([long, at(20, 50, 0.8)]) == [long, at(20, 50, 0.8)]


def test_no_points() -> None:
    assert without_duplicates([]) == []


@pytest.mark.parametrize(
    ("other", "shared"),
    [((0, 0, 10, 10), 1.0), ((5, 0, 10, 10), 1 / 3), ((10, 0, 10, 10), 0.0), ((40, 40, 1, 1), 0.0)],
)
def test_overlap_of_boxes(other: Box, shared: float) -> None:
    assert overlaps(np.array([0.0, 0, 10, 10]), np.array([other], dtype=float))[0] == pytest.approx(shared)


def test_points_are_moved_scaled_and_clipped() -> None:
    assert at(10, 20).moved(5, -5) == at(15, 15)
    assert at(10, 20).scaled(2, 0.5) == FoundPoint(20, 10, 0.9, (10, 7.5, 20, 5))
    assert at(3, 8).clipped(6, 10).box == (0, 3, 6, 7)
    assert at(30, 8).clipped(6, 10).box == (6, 3, 0, 7)


def test_objects_far_apart_are_compared_like_neighbors() -> None:
    """The cells of the comparison do not change its result."""
    chance = np.random.default_rng(1)
    values = np.empty((400, 7))
    values[:, :2], values[:, 2], values[:, 5:] = chance.uniform(-300, 900, (400, 2)), chance.random(400), 60
    values[:100, 5:] = 500
    values[:, 3:5] = values[:, :2] - values[:, 5:] / 2
    kept: list[int] = []
    for row in np.argsort(-values[:, 2]).tolist():
        others = values[kept]
        same = (np.abs(others[:, :2] - values[row, :2]) <= 0.25 * others[:, 5:]).all(axis=1)
        if not (same | (overlaps(values[row, 3:], others[:, 3:]) >= 0.45)).any():
            kept.append(row)
    assert distinct(values) == kept
    assert 100 < len(kept) < 400
