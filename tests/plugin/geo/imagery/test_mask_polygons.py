"""Masks are the polygons near a frame as one geometry in its CRS, with the edges that they have in their own."""

from __future__ import annotations

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsGeometry,
    QgsPointXY,
    QgsRectangle,
)

from rsgpt_plugin.errors import ImageryError
from rsgpt_plugin.geo.imagery.mask_polygons import Ground
from rsgpt_plugin.shared.rasters.tiles import PixelGrid
from tests.plugin.geo.reference_systems import DEGREES, LOCAL, UTM
from tests.plugin.rasters import NORTH_UP, ROTATED

CONTEXT = QgsCoordinateTransformContext()
WEB = QgsCoordinateReferenceSystem("EPSG:3857")

# 256 x 128 m in UTM zone 11.
FRAME = PixelGrid(NORTH_UP, 512, 256)
BOX = QgsRectangle(500000.0, 3999872.0, 500256.0, 4000000.0)


def ground(frame: PixelGrid = FRAME, crs: QgsCoordinateReferenceSystem = UTM, tile: int = 64) -> Ground:
    return Ground(frame, tile, crs, CONTEXT)


def rectangle(left: float, bottom: float, right: float, top: float) -> QgsGeometry:
    return QgsGeometry.fromRect(QgsRectangle(left, bottom, right, top))


def moved(
    geometry: QgsGeometry, source: QgsCoordinateReferenceSystem, target: QgsCoordinateReferenceSystem
) -> QgsGeometry:
    copy = QgsGeometry(geometry)
    copy.transform(QgsCoordinateTransform(source, target, CONTEXT))
    return copy


def test_overlapping_polygons_are_one_area() -> None:
    mask = ground().mask([rectangle(0, 0, 10, 10), rectangle(5, 0, 15, 10), rectangle(20, 0, 30, 10)], UTM)
    assert mask.area() == pytest.approx(250.0)
    assert mask.isMultipart()


def test_no_polygons_are_an_empty_mask() -> None:
    assert ground().mask([], UTM).isEmpty()
    assert ground().mask([], DEGREES).isEmpty()


@pytest.mark.parametrize("crs", [UTM, DEGREES], ids=["same", "degrees"])
def test_an_empty_polygon_is_ignored(crs: QgsCoordinateReferenceSystem) -> None:
    polygons = [QgsGeometry(), QgsGeometry.fromWkt("Polygon EMPTY"), moved(QgsGeometry.fromRect(BOX), UTM, crs)]
    assert ground().mask(polygons, crs).area() == pytest.approx(BOX.area(), rel=1e-3)


def test_a_polygon_that_crosses_itself_is_repaired() -> None:
    bow_tie = QgsGeometry.fromWkt("Polygon ((0 0, 10 10, 10 0, 0 10, 0 0))")
    mask = ground().mask([bow_tie], UTM)
    assert mask.isGeosValid()
    assert mask.area() == pytest.approx(50.0)


@pytest.mark.parametrize("crs", [UTM, DEGREES, WEB], ids=["same", "degrees", "web"])
def test_a_hole_stays_a_hole(crs: QgsCoordinateReferenceSystem) -> None:
    hole = rectangle(500100, 3999900, 500150, 3999950)
    ring = QgsGeometry.fromRect(BOX).difference(hole)
    mask = ground().mask([moved(ring, UTM, crs)], crs)
    assert mask.area() == pytest.approx(BOX.area() - 2500.0, rel=1e-3)
    assert not mask.contains(hole.centroid())


@pytest.mark.parametrize("crs", [DEGREES, WEB], ids=["degrees", "web"])
def test_a_reprojected_polygon_lies_where_it_was_drawn(crs: QgsCoordinateReferenceSystem) -> None:
    parcel = rectangle(500010, 3999880, 500040, 3999900)
    mask = ground().mask([moved(parcel, UTM, crs)], crs)
    assert mask.symDifference(parcel).area() < 0.01


def test_a_rotated_frame_has_the_same_mask() -> None:
    parcel = rectangle(500010, 3999880, 500040, 3999900)
    mask = ground(PixelGrid(ROTATED, 512, 512)).mask([moved(parcel, UTM, DEGREES)], DEGREES)
    assert mask.symDifference(parcel).area() < 0.01


def test_a_polygon_of_the_whole_earth_covers_the_frame_only() -> None:
    mask = ground().mask([rectangle(-180, -90, 180, 90)], DEGREES)
    assert mask.contains(QgsGeometry.fromRect(BOX))
    assert mask.area() < 1.2 * BOX.area()


def test_a_polygon_far_from_the_frame_is_left_out() -> None:
    assert ground().mask([rectangle(100, -40, 110, -30)], DEGREES).isEmpty()


def test_a_straight_edge_in_degrees_is_a_curve_in_the_frame() -> None:
    """The parallel of 36.14 degrees lies about 90 m north of the line between its points at -119 and -117 degrees."""
    frame = PixelGrid((400000.0, 10.0, 0.0, 4030000.0, 0.0, -10.0), 20000, 6000)
    latitude = 36.14
    mask = ground(frame).mask([rectangle(-119, latitude, -115, 37)], DEGREES)
    to_frame = QgsCoordinateTransform(DEGREES, UTM, CONTEXT)
    for longitude in (-118.05, -117.5, -117.0, -116.3):
        below, above = (to_frame.transform(longitude, latitude + offset) for offset in (-1e-4, 1e-4))
        assert mask.contains(QgsGeometry.fromPointXY(above))
        assert not mask.contains(QgsGeometry.fromPointXY(below))


def test_degrees_beyond_180_meet_polygons_on_the_other_side() -> None:
    frame = PixelGrid((179.0, 0.01, 0.0, 1.0, 0.0, -0.01), 200, 100)  # 179 to 181 degrees
    mask = ground(frame, DEGREES).mask([rectangle(-179.8, 0.2, -179.2, 0.4)], DEGREES)
    assert mask.contains(QgsGeometry.fromPointXY(QgsPointXY(180.5, 0.3)))
    assert mask.intersection(rectangle(179, 0, 181, 1)).area() == pytest.approx(0.6 * 0.2)


def test_degrees_on_one_side_are_not_repeated() -> None:
    frame = PixelGrid((10.0, 0.01, 0.0, 1.0, 0.0, -0.01), 200, 100)
    mask = ground(frame, DEGREES).mask([rectangle(10, 0, 11, 1)], DEGREES)
    assert mask.boundingBox() == QgsRectangle(10, 0, 11, 1)


def test_a_frame_across_the_antimeridian_meets_a_projected_polygon() -> None:
    crs = QgsCoordinateReferenceSystem("EPSG:32760")  # UTM zone 60 south, which ends at 180 degrees
    frame = PixelGrid((179.99, 1e-4, 0.0, -17.0, 0.0, -1e-4), 200, 100)
    across = moved(rectangle(179.992, -17.008, 179.998, -17.002), DEGREES, crs)
    mask = ground(frame, DEGREES).mask([across], crs).intersection(rectangle(179.99, -17.01, 180.01, -17))
    assert mask.contains(QgsGeometry.fromPointXY(QgsPointXY(179.995, -17.005)))
    assert mask.area() == pytest.approx(0.006 * 0.006, rel=0.05)


def test_the_pole_lies_in_a_polygon_that_contains_it() -> None:
    polar = QgsCoordinateReferenceSystem("EPSG:3031")
    frame = PixelGrid((-16.0, 0.5, 0.0, 16.0, 0.0, -0.5), 64, 64)
    cap = ground(frame, polar, 1).mask([rectangle(-180, -90, 180, -89)], DEGREES)
    assert cap.intersection(rectangle(-16, -16, 16, 16)).area() == pytest.approx(32 * 32, rel=0.01)
    half = ground(frame, polar, 1).mask([rectangle(0, -90, 180, -89)], DEGREES)
    assert half.intersection(rectangle(-16, -16, 16, 16)).area() == pytest.approx(32 * 16, rel=0.01)


def test_without_a_transformation_the_mask_is_refused() -> None:
    with pytest.raises(ImageryError, match="no transformation between the coordinate systems"):
        ground(crs=LOCAL).mask([rectangle(0, 0, 1, 1)], DEGREES)
