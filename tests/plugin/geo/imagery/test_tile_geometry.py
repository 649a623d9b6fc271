"""Grids with QGIS geometry types: polygons, windows of geometries, and limits."""

from __future__ import annotations

import math

import pytest
from qgis.core import QgsGeometry, QgsPointXY, QgsRectangle

from rsgpt_plugin.errors import ImageryError
from rsgpt_plugin.geo.imagery.tile_geometry import MAX_TILES, QgisGrid, checked_grid, frame_over
from rsgpt_plugin.shared.rasters.tiles import Geotransform, TileGrid, Window
from tests.plugin.rasters import DEGREES, NORTH_UP, ROTATED

# An arc of a circle of 40 m, closed by a chord: its vertices lie at 10, 100 and 350 degrees.
CIRCLE = (500100.0, 3999850.0, 40.0)


def on_circle(angle: float) -> str:
    x, y, radius = CIRCLE
    return f"{x + radius * math.cos(math.radians(angle))} {y + radius * math.sin(math.radians(angle))}"


def arc() -> QgsGeometry:
    start, middle, end = on_circle(10), on_circle(100), on_circle(350)
    return QgsGeometry.fromWkt(f"CurvePolygon(CompoundCurve(CircularString({start},{middle},{end}),({end},{start})))")


def test_too_many_tiles_are_refused_at_once() -> None:
    with pytest.raises(ImageryError, match=f"limit of {MAX_TILES}.*smaller extent"):
        checked_grid(TileGrid(Window(0, 0, 10**9, 10**9), 16, 90))


@pytest.mark.parametrize("transform", [NORTH_UP, ROTATED, DEGREES])
def test_the_window_of_a_window_s_polygon_is_the_same(transform: Geotransform) -> None:
    frame, window = QgisGrid(transform, 100, 80), Window(16, 32, 32, 16)
    assert frame.window(frame.polygon(window)) == window


def test_a_rotated_tile_is_a_rotated_square() -> None:
    polygon = QgisGrid(ROTATED, 100, 100).polygon(Window(0, 0, 64, 64))
    assert polygon.area() == pytest.approx((64 * 0.5) ** 2, rel=1e-6)
    assert polygon.boundingBox().width() > 40


def test_the_window_of_a_curve_extends_beyond_its_vertices() -> None:
    """The leftmost and lowest points of the circle are not vertices."""
    x, y, radius = CIRCLE
    window = QgisGrid(NORTH_UP, 512, 512).window(arc())
    right = math.ceil((x + radius * math.cos(math.radians(10)) - 500000) * 2)
    left, top, bottom = (round(value) for value in ((x - radius - 500000) * 2, (4000000 - y - radius) * 2, 380))
    assert window == Window(left, top, right - left, bottom - top)


def test_the_window_of_a_curve_on_a_rotated_grid_extends_beyond_its_vertices() -> None:
    frame = QgisGrid(ROTATED, 512, 512)
    cx, cy = frame.pixel(CIRCLE[0], CIRCLE[1])
    window = frame.window(arc())
    # The chord cuts off a piece at the right of the map; the other sides are the circle's, 80 pixels from its center.
    assert window.x == math.floor(cx - 80)
    assert window.y + window.height == math.ceil(cy + 80)


@pytest.mark.parametrize("geometry", [QgsGeometry(), QgsGeometry.fromPointXY(QgsPointXY(math.inf, 0))])
def test_an_unbounded_area_is_refused(geometry: QgsGeometry) -> None:
    with pytest.raises(ImageryError, match="unbounded"):
        QgisGrid(NORTH_UP, 10, 10).window(geometry)


def test_frame_over_covers_the_extent_to_half_a_pixel() -> None:
    frame = frame_over(QgsRectangle(10, 20, 20.3, 25.1), 0.5, 0.25)
    assert (frame.width, frame.height) == (21, 20)
    assert frame.point(0, 0) == (10, 25.1)
