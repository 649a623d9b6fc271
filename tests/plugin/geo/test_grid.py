"""Tile arithmetic: cover, overlap, slide, and the way to the map and back."""

from __future__ import annotations

import math

import pytest
from qgis.core import QgsGeometry, QgsPointXY, QgsRectangle

from rsgpt_plugin.errors import ImageryError
from rsgpt_plugin.geo.grid import MAX_TILES, Frame, TileGrid, Window, framed, square
from tests.plugin.rasters import DEGREES, NORTH_UP, ROTATED


def covered(windows: list[Window]) -> set[tuple[int, int]]:
    return {(x, y) for w in windows for x in range(w.x, w.x + w.width) for y in range(w.y, w.y + w.height)}


@pytest.mark.parametrize("overlap", [0, 10, 33.3, 50, 90])
@pytest.mark.parametrize(("width", "height"), [(64, 64), (65, 64), (130, 70), (63, 200), (10, 10)])
def test_tiles_cover_the_region_and_nothing_else(width: int, height: int, overlap: float) -> None:
    region = Window(5, 7, width, height)
    windows = list(TileGrid(region, 64, overlap).windows())
    assert covered(windows) == covered([region])
    assert {(w.width, w.height) for w in windows} == {(min(64, width), min(64, height))}
    assert len(set(windows)) == len(windows)


def test_tiles_run_row_by_row_and_the_last_slides_inward() -> None:
    windows = list(TileGrid(Window(0, 0, 150, 100), 64).windows())
    assert [(w.x, w.y) for w in windows] == [(0, 0), (64, 0), (86, 0), (0, 36), (64, 36), (86, 36)]


def test_overlap_is_a_share_of_the_tile() -> None:
    windows = list(TileGrid(Window(0, 0, 160, 64), 64, 25).windows())
    assert [w.x for w in windows] == [0, 48, 96]


def test_too_many_tiles_are_refused_at_once() -> None:
    with pytest.raises(ImageryError, match=f"limit of {MAX_TILES}.*smaller extent"):
        TileGrid(Window(0, 0, 10**9, 10**9), 16, 90).checked()


@pytest.mark.parametrize("transform", [NORTH_UP, ROTATED, DEGREES])
def test_pixels_go_to_the_map_and_back(transform: tuple[float, ...]) -> None:
    frame = Frame(transform, 100, 80)
    for x, y in [(0, 0), (100, 80), (33.5, 71.25)]:
        assert frame.pixel(frame.point(x, y)) == pytest.approx((x, y), abs=1e-5)
    window = Window(16, 32, 32, 16)
    assert frame.window(frame.polygon(window)) == window


def test_a_rotated_tile_is_a_rotated_square() -> None:
    polygon = Frame(ROTATED, 100, 100).polygon(Window(0, 0, 64, 64))
    assert polygon.area() == pytest.approx((64 * 0.5) ** 2, rel=1e-6)
    assert polygon.boundingBox().width() > 40


@pytest.mark.parametrize("geometry", [QgsGeometry(), QgsGeometry.fromPointXY(QgsPointXY(math.inf, 0))])
def test_an_area_without_bounds_is_refused(geometry: QgsGeometry) -> None:
    with pytest.raises(ImageryError, match="without bounds"):
        Frame(NORTH_UP, 10, 10).window(geometry)


def test_a_window_is_clipped_to_the_frame() -> None:
    frame = Frame(NORTH_UP, 100, 80)
    assert Window(-10, 70, 30, 30).clipped(frame) == Window(0, 70, 20, 10)
    assert Window(200, 0, 30, 30).clipped(frame).width == 0


def test_a_square_holds_the_window_in_its_middle() -> None:
    around = square(Window(100, 200, 80, 40), 0.1, 64)
    assert around == Window(92, 172, 96, 96)
    assert square(Window(5, 5, 0, 0), 0.1, 64) == Window(-27, -27, 64, 64)


def test_a_frame_covers_its_extent_to_half_a_pixel() -> None:
    frame = framed(QgsRectangle(10, 20, 20.3, 25.1), 0.5, 0.25)
    assert (frame.width, frame.height) == (21, 20)
    assert frame.point(0, 0) == QgsPointXY(10, 25.1)
