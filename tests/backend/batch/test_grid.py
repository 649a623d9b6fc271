"""Tiles by number: cover, order, overlap, and their polygons."""

from __future__ import annotations

import pytest
import shapely

from rsgpt_backend.batch.grid import Frame, TileGrid, Window
from tests.backend.batch.rasters import NORTH_UP, ROTATED


@pytest.mark.parametrize("overlap", [0, 10, 33.3, 50, 90])
@pytest.mark.parametrize(("width", "height"), [(64, 64), (65, 64), (130, 70), (63, 200), (10, 10)])
def test_tiles_cover_the_raster_and_nothing_else(width: int, height: int, overlap: float) -> None:
    grid = TileGrid(width, height, 64, overlap)
    windows = [grid.window(number) for number in range(len(grid))]
    covered = {(x, y) for w in windows for x in range(w.x, w.x + w.width) for y in range(w.y, w.y + w.height)}
    assert covered == {(x, y) for x in range(width) for y in range(height)}
    assert len(set(windows)) == len(windows)


def test_tiles_run_row_by_row_and_the_last_slides_inward() -> None:
    grid = TileGrid(150, 100, 64)
    places = [(grid.window(number).x, grid.window(number).y) for number in range(len(grid))]
    assert places == [(0, 0), (64, 0), (86, 0), (0, 36), (64, 36), (86, 36)]


def test_a_country_of_tiles_takes_no_room() -> None:
    grid = TileGrid(2_560_000, 2_560_000, 256)
    assert len(grid) == 100_000_000
    assert grid.window(len(grid) - 1) == Window(2_559_744, 2_559_744, 256, 256)


@pytest.mark.parametrize("transform", [NORTH_UP, ROTATED])
def test_polygons_turn_with_the_raster(transform: tuple[float, ...]) -> None:
    (polygon,) = Frame(transform, 100, 100).polygons([Window(0, 0, 64, 64)])
    assert shapely.area(polygon) == pytest.approx((64 * 0.5) ** 2, rel=1e-6)
    width = polygon.bounds[2] - polygon.bounds[0]
    assert (width > 40) == (transform is ROTATED)
