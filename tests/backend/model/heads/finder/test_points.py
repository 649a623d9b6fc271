"""Peaks of the finder's maps become points in pixels, each object once."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from rsgpt_backend.model.config import FinderConfig
from rsgpt_backend.model.heads.finder.network import FinderMaps
from rsgpt_backend.model.heads.finder.points import Box, FoundPoint, decode, overlaps, without_duplicates

CONFIG = FinderConfig(labels=("car", "ship"), boxed=(), regions=(), thresholds=(0.5, 0.5))


def empty(pictures: int = 1, side: int = 12) -> FinderMaps:
    """Return maps without a center; each box has a side of 8 pixels, each center is in the middle of its cell."""
    return FinderMaps(
        torch.full((pictures, 2, side, side), -9.0),
        torch.full((pictures, 2, side, side), math.log(8)),
        torch.full((pictures, 2, side, side), 0.5),
        torch.zeros(pictures, 0, side, side),
    )


def at(x: float, y: float, confidence: float = 0.9, side: float = 10.0) -> FoundPoint:
    return FoundPoint(x, y, confidence, (x - side / 2, y - side / 2, side, side))


def test_a_peak_is_a_point_in_pixels_with_its_box() -> None:
    maps = empty()
    maps.centers[0, 1, 3, 7] = 2.0
    maps.offsets[0, :, 3, 7] = torch.tensor([0.25, 0.75])
    maps.sizes[0, :, 3, 7] = torch.tensor([20.0, 6.0]).log()
    (found,) = decode(maps, CONFIG, (0.5, 0.5))
    assert found["car"] == []
    (point,) = found["ship"]
    assert (point.x, point.y) == pytest.approx((29, 15))
    assert point.confidence == pytest.approx(1 / (1 + math.exp(-2)), rel=1e-4)
    assert point.box == pytest.approx((19, 12, 20, 6), rel=1e-4)


def test_neighbors_of_a_peak_and_cells_below_the_threshold_are_no_points() -> None:
    maps = empty()
    maps.centers[0, 0, 5, 5], maps.centers[0, 0, 5, 6], maps.centers[0, 0, 9, 9] = 3.0, 2.0, -0.1
    (found,) = decode(maps, CONFIG, (0.5, 0.5))
    assert [(point.x, point.y) for point in found["car"]] == [(22, 22)]
    (found,) = decode(maps, CONFIG, (0.4, 0.5))
    assert [(point.x, point.y) for point in found["car"]] == [(22, 22), (38, 38)]


def test_pictures_of_a_batch_are_separate() -> None:
    maps = empty(pictures=2)
    maps.centers[1, 0, 0, 0] = 3.0
    assert [len(found["car"]) for found in decode(maps, CONFIG, (0.5, 0.5))] == [0, 1]


def test_an_infinite_size_gives_a_finite_box() -> None:
    maps = empty()
    maps.centers[0, 0, 4, 4] = 3.0
    maps.sizes[0, :, 4, 4] = 1000.0
    (point,) = decode(maps, CONFIG, (0.5, 0.5))[0]["car"]
    assert all(map(math.isfinite, point.box))


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
