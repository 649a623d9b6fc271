"""Windows have fixed places on the ground, their cores share no pixel, and points outside of them do not count."""

from __future__ import annotations

import pytest

from rsgpt_plugin.shared.objects.found_points import FoundPoint
from rsgpt_plugin.shared.objects.search_grid import SearchGrid, search_grid
from rsgpt_plugin.shared.rasters.tiles import Geotransform, PixelGrid

NORTH_UP: Geotransform = (500_000.0, 0.3, 0.0, 4_000_000.0, 0.0, -0.3)
ROTATED: Geotransform = (500_000.0, 0.26, -0.15, 4_000_000.0, -0.15, -0.26)
DEGREES: Geotransform = (-115.0, 2.7e-6, 0.0, 36.0, 0.0, -2.7e-6)


def grid(geotransform: Geotransform = NORTH_UP, width: int = 1000, height: int = 700, left: int = 0) -> SearchGrid:
    """Return the grid of a raster without its first columns."""
    x, y = PixelGrid(geotransform, width, height).point(left, 0)
    moved = (x, *geotransform[1:3], y, *geotransform[4:])
    return search_grid(PixelGrid(moved, width - left, height), 640)


@pytest.mark.parametrize("geotransform", [NORTH_UP, ROTATED, DEGREES])
@pytest.mark.parametrize("left", [1, 100, 383, 384, 500])
def test_a_cropped_raster_has_the_same_windows_on_the_ground(geotransform: Geotransform, left: int) -> None:
    whole, part = grid(geotransform), grid(geotransform, left=left)
    known = {(window.x, window.y, window.width) for window in map(whole.window, range(len(whole)))}
    windows = {(window.x + left, window.y, window.width) for window in map(part.window, range(len(part)))}
    assert windows <= known
    assert {window for window in known if window[0] + window[2] // 2 > left + 480} <= windows


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1000, 700), (385, 2000)])
def test_cores_of_each_size_cover_every_pixel_once(width: int, height: int) -> None:
    whole = grid(width=width, height=height)
    for scale in (1, 2):
        cores = [whole.core(number) for number in range(len(whole)) if whole.scale(number) == scale]
        for x, y in ((0, 0), (width // 2, height // 3), (width - 1, height - 1)):
            owners = [
                core for core in cores if core.x <= x < core.x + core.width and core.y <= y < core.y + core.height
            ]
            assert len(owners) == 1


def test_windows_have_480_pixels_or_twice_as_many_around_their_cores() -> None:
    whole = grid()
    for number in range(len(whole)):
        window, core, scale = whole.window(number), whole.core(number), whole.scale(number)
        assert (window.width, core.width) == (480 * scale, 384 * scale)
        assert (core.x - window.x, core.y - window.y) == (48 * scale, 48 * scale)


def test_a_finer_raster_has_larger_windows() -> None:
    fine = search_grid(PixelGrid(NORTH_UP, 1000, 1000), 640, 0.4)
    assert fine.window(0).width == 1200


def test_a_point_is_placed_in_the_raster_if_it_is_in_the_core() -> None:
    whole = grid((0.0, 0.3, 0.0, 0.0, 0.0, -0.3))
    window = whole.window(0)
    placed = whole.placed(0, FoundPoint(300, 320, 0.9, (280, 300, 40, 40)), 640)
    assert placed is not None
    assert (placed.x, placed.y) == (window.x + 225, window.y + 240)
    assert placed.box == (window.x + 210, window.y + 225, 30, 30)
    assert whole.placed(0, FoundPoint(2, 320, 0.9, (0, 300, 4, 40)), 640) is None


def test_a_point_beside_the_raster_does_not_count() -> None:
    whole = grid((0.0, 0.3, 0.0, 0.0, 0.0, -0.3), width=100)
    outside = [whole.placed(0, FoundPoint(x, 320, 0.9, (x - 5, 315, 10, 10)), 640) for x in range(640)]
    assert {0 <= point.x < 100 for point in outside if point} == {True}
    assert 100 < sum(point is not None for point in outside) < 140


def test_large_windows_count_for_large_objects_only() -> None:
    whole = grid((0.0, 0.3, 0.0, 0.0, 0.0, -0.3))
    last = len(whole) - 1
    large, small = (FoundPoint(320, 320, 0.9, (320 - side / 2, 310, side, 20)) for side in (24, 23))
    assert (whole.scale(0), whole.scale(last)) == (1, 2)
    assert whole.placed(last - 1, large, 640) is not None
    assert whole.placed(last - 1, small, 640) is None
    assert whole.placed(0, small, 640) is not None
