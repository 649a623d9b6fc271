"""Rows are matched with tiles by position, and routes have the positions of their names."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from pyproj import CRS, Geod, Transformer

from benchmarks.mosaic import MosaicShape
from benchmarks.truth import ONLINE, ROUTES, Route, match_rows

SQUARES = np.asarray([shapely.box(x, y, x + 10, y + 10) for y in (0, 10) for x in (0, 10)])


def moved(squares: np.ndarray, x: float, y: float) -> np.ndarray:
    return np.asarray(shapely.transform(squares, lambda points: np.add(points, (x, y))))


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 1, 0, 2]])
def test_each_tile_finds_its_row_in_any_order(order: list[int]) -> None:
    best, covered = match_rows(SQUARES, SQUARES[order])
    assert [order[row] for row in best] == [0, 1, 2, 3]
    assert covered.tolist() == [1, 1, 1, 1]


def test_the_row_that_covers_most_of_a_tile_counts() -> None:
    rows = np.concatenate([moved(SQUARES, 6, 0), moved(SQUARES, 1, 0)])
    best, covered = match_rows(SQUARES, rows)
    assert best.tolist() == [4, 5, 6, 7]
    assert covered == pytest.approx([0.9] * 4)


def test_a_tile_without_a_row_gets_minus_one() -> None:
    best, covered = match_rows(SQUARES, SQUARES[:3])
    assert (best[3], covered[3]) == (-1, 0)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_mosaic_is_inside_the_area_of_its_crs(route: Route) -> None:
    shape = MosaicShape(14, 256, **route.placement)
    to_degrees = Transformer.from_crs(shape.crs, 4326, always_xy=True)
    longitude, latitude = to_degrees.transform(*(shape.transform @ (1792 * shape.zoom, 1792 * shape.zoom)))
    used = CRS(shape.crs).area_of_use
    assert used is not None
    assert used.west < longitude < used.east
    assert used.south < latitude < used.north


def test_the_online_mosaic_has_the_default_ground_resolution() -> None:
    shape = next(MosaicShape(14, 256, **route.placement) for route in ROUTES if route.online)
    assert shape.corner == ONLINE.corner
    to_degrees = Transformer.from_crs(shape.crs, 4326, always_xy=True)
    start, *ends = (to_degrees.transform(*(shape.transform @ at)) for at in ((1792, 1792), (1793, 1792), (1792, 1793)))
    sides = [Geod(ellps="WGS84").inv(*start, *end)[2] for end in ends]
    assert np.sqrt(np.prod(sides)) == pytest.approx(0.3, rel=1e-4)
