"""Regions of a frame in another CRS: plain, across the antimeridian, around a pole, and unknown."""

from __future__ import annotations

import math

import pytest

from rsgpt_plugin.shared.rasters.regions import contains_position, lattice, longitude_shifts, region_of
from rsgpt_plugin.shared.rasters.tiles import PixelGrid

FRAME = PixelGrid((500000.0, 0.5, 0.0, 4000000.0, 0.0, -0.5), 512, 256)


def around(left: float, right: float) -> list[tuple[float, float]]:
    """Return positions at the equator between two longitudes, normalized to -180 to 180."""
    longitudes = [left + (right - left) * step / 32 for step in range(33)]
    return [((longitude + 180.0) % 360.0 - 180.0, latitude) for longitude in longitudes for latitude in (-1.0, 1.0)]


def test_the_lattice_reaches_the_corners() -> None:
    points = lattice(FRAME)
    assert (points[0], points[-1]) == ((500000.0, 4000000.0), (500256.0, 3999872.0))
    assert len(points) == 33 * 33


def test_a_region_has_a_margin_and_one_step_per_tile() -> None:
    region = region_of(FRAME, 64, lattice(FRAME), None)
    ((left, bottom, right, top),) = region.boxes
    assert (left, bottom, right, top) == pytest.approx((499992.0, 3999868.0, 500264.0, 4000004.0))
    assert region.step == pytest.approx((right - left) / 9)


def test_a_region_across_the_antimeridian_has_two_boxes() -> None:
    boxes = region_of(FRAME, 64, around(179.0, 182.0), (False, False)).boxes
    assert [(box[0], box[2]) for box in boxes] == [
        (pytest.approx(178.906, abs=0.001), 180.0),
        (-180.0, pytest.approx(-177.906, abs=0.001)),
    ]


def test_a_region_on_one_side_has_one_box() -> None:
    ((left, _, right, _),) = region_of(FRAME, 64, around(-117.5, -117.0), (False, False)).boxes
    assert left < -117.5 < -117.0 < right < -116.9


def test_a_region_around_a_pole_has_all_longitudes() -> None:
    ((left, bottom, right, top),) = region_of(FRAME, 64, around(-180.0, 90.0), (True, False)).boxes
    assert (left, bottom, right) == (-180.0, -90.0, 180.0)
    assert 1.0 < top < 2.0


def test_a_chord_of_a_parallel_stays_within_a_pixel_around_a_pole() -> None:
    region = region_of(FRAME, 64, around(-180.0, 90.0), (True, False))
    assert FRAME.width * (1.0 - math.cos(math.radians(region.step) / 2.0)) <= 1.0


def test_a_region_with_failed_points_has_no_boxes() -> None:
    region = region_of(FRAME, 64, [*around(0.0, 1.0), (math.inf, 0.0)], (False, False))
    assert region.boxes == ()


@pytest.mark.parametrize(
    ("left", "expected"), [(-117.0, [0.0]), (179.9987, [0.0, 360.0]), (200.0, [0.0, 360.0]), (-181.0, [-360.0, 0.0])]
)
def test_turns_shift_longitudes_to_the_frame(left: float, expected: list[float]) -> None:
    assert longitude_shifts(PixelGrid((left, 1e-4, 0.0, 10.0, 0.0, -1e-4), 512, 512)) == expected


def test_holds_checks_that_a_position_is_in_the_frame() -> None:
    assert contains_position(FRAME, (500100.0, 3999900.0))
    assert not contains_position(FRAME, (500300.0, 3999900.0))
    assert not contains_position(FRAME, (math.nan, 0.0))
