"""Ground meters per pixel, compared with known values."""

from __future__ import annotations

import math

import pytest
from pyproj import CRS

from rsgpt_backend.batch.ground_resolution import ProjGroundMeter
from rsgpt_plugin.shared.rasters.tiles import Geotransform, PixelGrid, Window
from tests.backend.batch.rasters import ROTATED

DEGREE = 111_000.0  # meters, about


@pytest.mark.parametrize(
    ("crs", "transform", "meters"),
    [
        ("EPSG:32611", (500000.0, 0.5, 0.0, 4000000.0, 0.0, -0.5), 0.5),
        ("EPSG:32611", ROTATED, 0.5),
        ("EPSG:4326", (7.0, 1e-5, 0.0, 60.0, 0.0, -1e-5), 1e-5 * DEGREE * math.sqrt(math.cos(math.radians(60)))),
        ("EPSG:3857", (0.0, 1.0, 0.0, 8399737.9, 0.0, -1.0), math.cos(math.radians(60))),
        ("EPSG:2263", (1000000.0, 1.0, 0.0, 200000.0, 0.0, -1.0), 0.3048),  # feet
    ],
)
def test_meters_per_pixel(crs: str, transform: Geotransform, meters: float) -> None:
    resolution = ProjGroundMeter(CRS(crs)).resolution(PixelGrid(transform, 100, 100), Window(0, 0, 100, 100))
    assert resolution == pytest.approx(meters, rel=0.005)


@pytest.mark.parametrize(("unit", "meters"), [('"metre",1', 0.5), ('"US survey foot",0.304800609601219', 0.1524003)])
def test_a_local_crs_is_measured_in_its_linear_unit(unit: str, meters: float) -> None:
    local = CRS(f'LOCAL_CS["site",UNIT[{unit}]]')
    resolution = ProjGroundMeter(local).resolution(PixelGrid(ROTATED, 100, 100), Window(0, 0, 100, 100))
    assert resolution == pytest.approx(meters, rel=1e-6)


@pytest.mark.parametrize("unit", ['"degree",0.0174532925199433', '"unknown",1', '"step",0.7'])
def test_a_local_crs_in_another_unit_than_a_length_has_no_resolution(unit: str) -> None:
    frame = PixelGrid(ROTATED, 100, 100)
    assert ProjGroundMeter(CRS(f'LOCAL_CS["site",UNIT[{unit}]]')).resolution(frame, frame.whole) is None


def test_the_moon_is_measured_on_its_own_sphere() -> None:
    moon = CRS("+proj=eqc +R=1737400 +units=m +no_defs +type=crs")
    resolution = ProjGroundMeter(moon).resolution(
        PixelGrid((1000.0, 0.5, 0.0, 2000.0, 0.0, -0.5), 512, 512), Window(0, 0, 256, 256)
    )
    assert resolution == pytest.approx(0.5, rel=1e-5)


def test_geocentric_coordinates_have_no_resolution() -> None:
    frame = PixelGrid((4e6, 0.5, 0.0, 3e6, 0.0, -0.5), 100, 100)
    assert ProjGroundMeter(CRS("EPSG:4978")).resolution(frame, frame.whole) is None


def test_positions_outside_the_crs_have_no_resolution() -> None:
    frame = PixelGrid((1e12, 1.0, 0.0, 1e12, 0.0, -1.0), 100, 100)
    assert ProjGroundMeter(CRS("EPSG:32611")).resolution(frame, Window(0, 0, 100, 100)) is None
