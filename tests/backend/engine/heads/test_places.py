"""The place of points is that of their densest group, the place of a region that of its largest part."""

from __future__ import annotations

import numpy as np
import pytest

from rsgpt_backend.engine.heads.places import densest_group, highest_patch, largest_patch


def test_single_point_is_its_own_group() -> None:
    location = densest_group([(0.9, 0.1, 0.7)])
    assert location is not None
    assert (location.place, location.share) == ("top right", 1.0)
    assert location.confidence == pytest.approx(0.7)


def test_group_outweighs_single_points() -> None:
    group = [(0.1, 0.8, 0.6), (0.15, 0.85, 0.6), (0.2, 0.9, 0.6)]
    location = densest_group([(0.9, 0.1, 0.9), *group])
    assert location is not None
    assert location.place == "bottom left"
    assert (location.x, location.y) == pytest.approx((0.15, 0.85))
    assert location.share == pytest.approx(1.8 / 2.7)


def test_likelier_of_two_single_points_is_chosen() -> None:
    location = densest_group([(0.1, 0.1, 0.5), (0.9, 0.9, 0.8)])
    assert location is not None
    assert location.place == "bottom right"


def test_no_points_have_no_group() -> None:
    assert densest_group([]) is None


def test_many_points_at_one_spot() -> None:
    location = densest_group([(0.5, 0.1, 0.3)] * 500)
    assert location is not None
    assert location.place == "top"
    assert location.share == pytest.approx(1.0)


@pytest.mark.parametrize("size", [(5, 7), (24, 24), (61, 160)])
def test_largest_part_of_a_region(size: tuple[int, int]) -> None:
    columns = size[1]
    probabilities = np.full(size, 0.1, dtype=np.float32)
    probabilities[:, : columns // 3] = 0.9
    probabilities[0, columns - 1] = 0.9
    location = largest_patch(probabilities)
    assert location is not None
    assert location.place == "left"
    assert location.share > 0.9
    assert location.confidence == pytest.approx(0.9, abs=0.1)


def test_hardly_any_of_a_region_has_no_place() -> None:
    probabilities = np.zeros((240, 240), dtype=np.float32)
    assert largest_patch(probabilities) is None
    probabilities[:10, :10] = 1.0
    assert largest_patch(probabilities) is None


def test_many_points_use_little_memory() -> None:
    points = [(0.9, 0.9, 0.6)] * 300 + [(0.1, 0.1, 0.5)] * 30_000
    location = densest_group(points)
    assert location is not None
    assert location.place == "bottom right"  # the likeliest 500 decide


def test_highest_patch_is_relative_to_the_highest_value() -> None:
    values = np.full((30, 30), 0.02)
    values[0:4, 25:30], values[28, 2] = 0.08, 0.081
    location = highest_patch(values)
    assert location is not None
    assert location.place == "top right"
    assert location.share == pytest.approx(1.0, abs=0.1)


def test_nothing_high_has_no_patch() -> None:
    assert highest_patch(np.zeros((5, 5))) is None
