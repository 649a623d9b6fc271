"""Ground metres a pixel, against what is known of the earth."""

from __future__ import annotations

import math

import pytest
from pyproj import CRS

from rsgpt_backend.batch.grid import Frame, Window
from rsgpt_backend.batch.ground import GroundMeter
from tests.backend.batch.rasters import ROTATED

DEGREE = 111_000.0  # metres, about


@pytest.mark.parametrize(
    ("crs", "transform", "metres"),
    [
        ("EPSG:32611", (500000.0, 0.5, 0.0, 4000000.0, 0.0, -0.5), 0.5),
        ("EPSG:32611", ROTATED, 0.5),
        ("EPSG:4326", (7.0, 1e-5, 0.0, 60.0, 0.0, -1e-5), 1e-5 * DEGREE * math.sqrt(math.cos(math.radians(60)))),
        ("EPSG:3857", (0.0, 1.0, 0.0, 8399737.9, 0.0, -1.0), math.cos(math.radians(60))),
        ("EPSG:2263", (1000000.0, 1.0, 0.0, 200000.0, 0.0, -1.0), 0.3048),  # feet
    ],
)
def test_metres_a_pixel(crs: str, transform: tuple[float, ...], metres: float) -> None:
    found = GroundMeter(CRS(crs)).resolution(Frame(transform, 100, 100), Window(0, 0, 100, 100))
    assert found == pytest.approx(metres, rel=0.005)


def test_where_there_is_no_ellipsoid_nothing_is_known() -> None:
    local = CRS('LOCAL_CS["site",UNIT["metre",1]]')
    assert GroundMeter(local).resolution(Frame(ROTATED, 100, 100), Window(0, 0, 100, 100)) == 0.0


def test_outside_the_world_nothing_is_known() -> None:
    frame = Frame((1e12, 1.0, 0.0, 1e12, 0.0, -1.0), 100, 100)
    assert GroundMeter(CRS("EPSG:32611")).resolution(frame, Window(0, 0, 100, 100)) == 0.0
