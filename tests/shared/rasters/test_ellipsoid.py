"""Distances on an ellipsoid compared with published lengths of degrees, at the poles and across the antimeridian."""

from __future__ import annotations

import math

import pytest

from rsgpt_plugin.shared.rasters.ellipsoid import WGS84, Ellipsoid, pixel_cross, resolution, sides, stated_resolution
from rsgpt_plugin.shared.rasters.tiles import PixelGrid, Window


@pytest.mark.parametrize(
    ("latitude", "east", "north"),  # meters per degree on WGS 84
    [
        (0.0, 111319.491, 110574.276),
        (45.0, 78846.806, 111131.778),
        (60.0, 55800.0, 111412.24),
        (89.0, 1949.35, 111693.9),
    ],
)
def test_distance_matches_the_length_of_a_degree(latitude: float, east: float, north: float) -> None:
    step = 1e-4
    along = WGS84.distance((10.0 - step / 2, latitude), (10.0 + step / 2, latitude)) / step
    up = WGS84.distance((10.0, latitude - step / 2), (10.0, latitude + step / 2)) / step
    assert (along, up) == pytest.approx((east, north), rel=2e-5)


def test_distance_is_short_across_the_antimeridian_and_the_pole() -> None:
    assert WGS84.distance((179.999, 0.0), (-179.999, 0.0)) == pytest.approx(222.639, rel=1e-5)
    assert WGS84.distance((0.0, 89.999), (180.0, 89.999)) == pytest.approx(223.388, rel=1e-5)


def test_distance_uses_the_given_ellipsoid() -> None:
    moon = Ellipsoid(1737400.0, 1737400.0)
    assert moon.distance((0.0, 0.0), (1.0, 0.0)) == pytest.approx(math.radians(1.0) * 1737400.0, rel=2e-5)


def test_pixel_cross_is_at_the_window_center() -> None:
    frame = PixelGrid((10.0, 2.0, 0.0, 20.0, 0.0, -1.0), 100, 100)
    assert pixel_cross(frame, Window(4, 6, 2, 2)) == [(19.0, 13.0), (21.0, 13.0), (20.0, 13.5), (20.0, 12.5)]


def test_invalid_positions_have_no_resolution() -> None:
    assert sides(WGS84, [(0.0, 90.1)] * 4) == (0.0, 0.0)
    assert sides(WGS84, [(math.inf, 0.0)] * 4) == (0.0, 0.0)
    assert resolution(0.0, 5.0) is None
    assert resolution(math.nan, 5.0) is None
    assert resolution(2.0, 8.0) == 4.0


@pytest.mark.parametrize(
    ("gsd_m", "told"),
    [
        *[(0.3, 0.3), (0.500200078, 0.5002), (10.00049, 10.0), (99_999.9, 100_000.0), (0.00099999, 0.001)],
        *[(None, None), (0.0, None), (-1.0, None), (math.nan, None), (math.inf, None), (0.0009, None), (2e5, None)],
    ],
)
def test_a_model_is_told_four_digits_within_the_range_of_imagery(gsd_m: float | None, told: float | None) -> None:
    assert stated_resolution(gsd_m) == told
