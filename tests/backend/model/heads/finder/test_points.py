"""Peaks of the finder's maps become points in pixels."""

from __future__ import annotations

import math

import pytest
import torch

from rsgpt_backend.model.config import FinderConfig
from rsgpt_backend.model.heads.finder.network import FinderMaps
from rsgpt_backend.model.heads.finder.points import decode

CONFIG = FinderConfig(labels=("car", "ship"), boxed=(), regions=(), thresholds=(0.5, 0.5))


def empty(pictures: int = 1, side: int = 12) -> FinderMaps:
    """Return maps without a center; each box has a side of 8 pixels, each center is in the middle of its cell."""
    return FinderMaps(
        torch.full((pictures, 2, side, side), -9.0),
        torch.full((pictures, 2, side, side), math.log(8)),
        torch.full((pictures, 2, side, side), 0.5),
        torch.zeros(pictures, 0, side, side),
    )


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
