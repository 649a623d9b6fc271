"""Ground resolution in every kind of CRS."""

from __future__ import annotations

import math

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransformContext, QgsPointXY

from rsgpt_plugin.geo.imagery.gsd import QgisGroundMeter
from rsgpt_plugin.shared.rasters.tiles import Geotransform, PixelGrid, Window
from tests.plugin.rasters import LOCAL_CRS, ROTATED


def meter(crs: str) -> QgisGroundMeter:
    known = crs.startswith("EPSG")
    reference = QgsCoordinateReferenceSystem(crs) if known else QgsCoordinateReferenceSystem.fromProj(crs)
    assert reference.isValid()
    return QgisGroundMeter(reference, QgsCoordinateTransformContext())


def resolution(crs: str, transform: Geotransform) -> float | None:
    return meter(crs).resolution(PixelGrid(transform, 200, 200), Window(0, 0, 200, 200))


@pytest.mark.parametrize(
    ("crs", "transform", "meters", "tolerance"),
    [
        ("EPSG:32611", (500000, 0.5, 0, 4000000, 0, -0.5), 0.5, 1e-3),
        ("EPSG:32611", ROTATED, 0.5, 1e-3),
        (LOCAL_CRS, (1234, 0.5, 0, 4321, 0, -0.5), 0.5, 1e-3),
        # US survey feet
        ("EPSG:2227", (6000000, 1, 0, 2100000, 0, -1), 0.3048, 1e-3),
        # Web Mercator shrinks with the cosine of the latitude.
        ("EPSG:3857", (0, 1, 0, 8399737.89, 0, -1), math.cos(math.radians(60)), 5e-3),
        ("EPSG:4326", (-115.3, 1e-6, 0, 0.0001, 0, -1e-6), 0.111, 5e-3),
    ],
)
def test_resolution_is_in_meters_in_every_crs(
    crs: str, transform: Geotransform, meters: float, tolerance: float
) -> None:
    assert resolution(crs, transform) == pytest.approx(meters, rel=tolerance)


@pytest.mark.parametrize(("unit", "meters"), [('"metre",1', 0.5), ('"US survey foot",0.304800609601219', 0.1524003)])
def test_a_local_crs_is_measured_in_its_unit(unit: str, meters: float) -> None:
    local = QgsCoordinateReferenceSystem.fromWkt(f'LOCAL_CS["site grid",UNIT[{unit}]]')
    ground_meter = QgisGroundMeter(local, QgsCoordinateTransformContext())
    frame = PixelGrid((0.0, 0.5, 0.0, 256.0, 0.0, -0.5), 512, 512)
    assert ground_meter.resolution(frame, frame.whole) == pytest.approx(meters, rel=1e-6)


@pytest.mark.parametrize("unit", ['"degree",0.0174532925199433', '"unknown",1', '"step",0.7'])
def test_a_local_crs_in_another_unit_than_a_length_has_no_resolution(unit: str) -> None:
    local = QgsCoordinateReferenceSystem.fromWkt(f'LOCAL_CS["site grid",UNIT[{unit}]]')
    frame = PixelGrid(ROTATED, 200, 200)
    assert QgisGroundMeter(local, QgsCoordinateTransformContext()).resolution(frame, frame.whole) is None


def test_the_moon_is_measured_on_its_own_sphere() -> None:
    moon = QgsCoordinateReferenceSystem.fromProj("+proj=eqc +R=1737400 +units=m +no_defs +type=crs")
    ground_meter = QgisGroundMeter(moon, QgsCoordinateTransformContext())
    frame = PixelGrid((1000.0, 0.5, 0.0, 2000.0, 0.0, -0.5), 512, 512)
    assert ground_meter.resolution(frame, Window(0, 0, 256, 256)) == pytest.approx(0.5, rel=1e-5)


@pytest.mark.parametrize(
    ("crs", "transform"),
    [("EPSG:4978", (4e6, 0.5, 0.0, 3e6, 0.0, -0.5)), ("EPSG:4326", (0.0, 0.001, 0.0, 90.3, 0.0, -0.001))],
)
def test_resolution_is_none_where_the_ground_cannot_be_measured(crs: str, transform: Geotransform) -> None:
    assert resolution(crs, transform) is None


def test_a_degree_is_shorter_eastward_far_from_the_equator() -> None:
    east, north = meter("EPSG:4326").unit_sides(QgsPointXY(25.0, 60.0), 0.001)
    assert (east, north) == pytest.approx((55800, 111412), rel=2e-3)
