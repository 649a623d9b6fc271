"""Tile grids, pixel grids and their positions, and grids that are not north up."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rsgpt_plugin.shared.rasters.tiles import (
    Geotransform,
    PixelGrid,
    TileGrid,
    Window,
    is_valid_geotransform,
    square,
    upright,
)

NORTH_UP: Geotransform = (500000.0, 0.5, 0.0, 4000000.0, 0.0, -0.5)
# 30 degrees clockwise, pixels of 0.5 m
ROTATED: Geotransform = (500000.0, 0.5 * 0.8660254, -0.25, 4000000.0, -0.25, -0.5 * 0.8660254)
DEGREES: Geotransform = (-115.3, 2.7e-6, 0.0, 36.1, 0.0, -2.7e-6)


@pytest.mark.parametrize("overlap", [0, 10, 33.3, 50, 90])
@pytest.mark.parametrize(("width", "height"), [(64, 64), (65, 64), (130, 70), (63, 200), (10, 10)])
def test_tiles_cover_the_region_and_nothing_else(width: int, height: int, overlap: float) -> None:
    grid = TileGrid(Window(5, 7, width, height), 64, overlap)
    windows = list(grid.windows())
    covered = {(x, y) for w in windows for x in range(w.x, w.x + w.width) for y in range(w.y, w.y + w.height)}
    assert covered == {(x, y) for x in range(5, 5 + width) for y in range(7, 7 + height)}
    assert {(w.width, w.height) for w in windows} == {(min(64, width), min(64, height))}
    assert len(set(windows)) == len(windows) == len(grid)


def test_tiles_run_row_by_row_and_the_last_slides_inward() -> None:
    windows = list(TileGrid(Window(0, 0, 150, 100), 64).windows())
    assert [(w.x, w.y) for w in windows] == [(0, 0), (64, 0), (86, 0), (0, 36), (64, 36), (86, 36)]


def test_overlap_is_a_share_of_the_tile() -> None:
    assert [w.x for w in TileGrid(Window(0, 0, 160, 64), 64, 25).windows()] == [0, 48, 96]


def test_a_grid_of_100_million_tiles_takes_no_memory() -> None:
    grid = TileGrid(Window(0, 0, 2_560_000, 2_560_000), 256)
    assert len(grid) == 100_000_000
    assert grid.window(len(grid) - 1) == Window(2_559_744, 2_559_744, 256, 256)


@pytest.mark.parametrize("transform", [NORTH_UP, ROTATED, DEGREES])
def test_pixel_and_crs_positions_convert_both_ways(transform: Geotransform) -> None:
    frame = PixelGrid(transform, 100, 80)
    for x, y in [(0, 0), (100, 80), (33.5, 71.25)]:
        assert frame.pixel(*frame.point(x, y)) == pytest.approx((x, y), abs=1e-5)
    window = Window(16, 32, 32, 16)
    assert frame.enclosing(frame.ring(window)) == window
    assert frame.is_rotated is (transform is ROTATED)


def test_enclosing_returns_none_without_finite_positions() -> None:
    assert PixelGrid(NORTH_UP, 10, 10).enclosing([]) is None
    assert PixelGrid(NORTH_UP, 10, 10).enclosing([(math.inf, 0.0)]) is None


@pytest.mark.parametrize(
    ("transform", "expected"),
    [
        (NORTH_UP, True),
        (ROTATED, True),
        ((0.0, 1.0, 0.0, 0.0, 0.0, -1.0), True),
        ((0.0, 1.0, 0.0, 0.0, 0.0, 1.0), False),
        ((5.0, 0.0, 0.0, 5.0, 0.0, 0.0), False),
        ((0.0, math.inf, 0.0, 0.0, 0.0, -1.0), False),
    ],
)
def test_is_grid_detects_valid_geotransforms(transform: Geotransform, expected: bool) -> None:
    assert is_valid_geotransform(transform) is expected


def test_pixels_without_area_have_no_window() -> None:
    assert PixelGrid((5.0, 0.0, 0.0, 5.0, 0.0, 0.0), 10, 10).enclosing([(5.0, 5.0)]) is None


def test_a_window_is_clipped_to_the_frame() -> None:
    frame = PixelGrid(NORTH_UP, 100, 80)
    assert Window(-10, 70, 30, 30).clipped(frame) == Window(0, 70, 20, 10)
    assert Window(200, 0, 30, 30).clipped(frame).width == 0


def test_a_window_is_scaled_to_a_maximum_side() -> None:
    assert Window(3, 4, 2048, 100).scaled(1024) == (0.5, 1024, 50)
    assert Window(3, 4, 5000, 1).scaled(1000) == (0.2, 1000, 1)
    assert Window(3, 4, 20, 10).scaled(1024) == (1.0, 20, 10)


def test_a_square_has_the_window_at_its_center() -> None:
    assert square(Window(100, 200, 80, 40), 0.1, 64) == Window(92, 172, 96, 96)
    assert square(Window(5, 5, 0, 0), 0.1, 64) == Window(-27, -27, 64, 64)


def turned(stored: np.ndarray, quarter: int, is_mirrored: bool) -> np.ndarray:
    return np.rot90(stored[..., ::-1] if is_mirrored else stored, quarter, axes=(-2, -1))


@pytest.mark.parametrize("angle", [0.0, 30.0, -44.0])
@pytest.mark.parametrize("is_mirrored", [False, True])
@pytest.mark.parametrize("quarter", range(4))
def test_every_quarter_turn_and_mirroring_gives_the_same_picture(quarter: int, is_mirrored: bool, angle: float) -> None:
    """Each stored pixel keeps its position in the CRS, and the picture equals the north-up picture."""
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    right, down = np.array([2.0 * cos, 2.0 * sin]), np.array([sin, -cos])  # oblong pixels
    picture = np.arange(2 * 5 * 7).reshape(2, 5, 7)
    positions = {int(picture[0, y, x]): right * (x + 0.5) + down * (y + 0.5) for y in range(5) for x in range(7)}
    stored = turned(picture, quarter, is_mirrored)
    height, width = stored.shape[1:]
    first, second, below = (positions[int(stored[0, y, x])] for y, x in ((0, 0), (0, 1), (1, 0)))
    across, along = second - first, below - first
    origin = first - across / 2 - along / 2
    transform = (origin[0], across[0], along[0], origin[1], across[1], along[1])
    frame, orientation = upright(transform, width, height)
    assert np.array_equal(orientation.upright(stored), picture)
    assert (frame.width, frame.height) == (7, 5)
    assert frame.point(0.5, 0.5) == pytest.approx(tuple(positions[0]))
    assert frame.point(6.5, 4.5) == pytest.approx(tuple(positions[34]))
    window = Window(1, 2, 4, 3)
    place = orientation.stored(window, frame)
    part = stored[:, place.y : place.y + place.height, place.x : place.x + place.width]
    assert np.array_equal(orientation.upright(part), picture[:, 2:5, 1:5])
    assert orientation.stored_size(4, 3) == part.shape[:0:-1]


def test_a_north_up_grid_is_unchanged() -> None:
    frame, orientation = upright(NORTH_UP, 100, 80)
    assert frame == PixelGrid(NORTH_UP, 100, 80)
    assert orientation.stored(Window(1, 2, 3, 4), frame) == Window(1, 2, 3, 4)
