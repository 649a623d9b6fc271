"""Ground metres a pixel, against what is known of the earth."""

from __future__ import annotations

import math

import pytest
from pyproj import CRS

from rsgpt_backend.batch.ground_resolution import ProjGroundMeter
from rsgpt_plugin.shared.rasters.tiles import PixelGrid, Window
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
    found = ProjGroundMeter(CRS(crs)).resolution(PixelGrid(transform, 100, 100), Window(0, 0, 100, 100))
    assert found == pytest.approx(metres, rel=0.005)


@pytest.mark.parametrize(("unit", "metres"), [('"metre",1', 0.5), ('"US survey foot",0.304800609601219', 0.1524003)])
def test_a_local_crs_is_measured_in_its_unit(unit: str, metres: float) -> None:
    local = CRS(f'LOCAL_CS["site",UNIT[{unit}]]')
    found = ProjGroundMeter(local).resolution(PixelGrid(ROTATED, 100, 100), Window(0, 0, 100, 100))
    assert found == pytest.approx(metres, rel=1e-6)


def test_the_moon_is_measured_on_its_own_sphere() -> None:
    moon = CRS("+proj=eqc +R=1737400 +units=m +no_defs +type=crs")
    found = ProjGroundMeter(moon).resolution(
        PixelGrid((1000.0, 0.5, 0.0, 2000.0, 0.0, -0.5), 512, 512), Window(0, 0, 256, 256)
    )
    assert found == pytest.approx(0.5, rel=1e-5)


def test_geocentric_coordinates_have_no_resolution() -> None:
    frame = PixelGrid((4e6, 0.5, 0.0, 3e6, 0.0, -0.5), 100, 100)
    assert ProjGroundMeter(CRS("EPSG:4978")).resolution(frame, frame.whole) is None


def test_outside_the_world_nothing_is_known() -> None:
    frame = PixelGrid((1e12, 1.0, 0.0, 1e12, 0.0, -1.0), 100, 100)
    assert ProjGroundMeter(CRS("EPSG:32611")).resolution(frame, Window(0, 0, 100, 100)) is None
