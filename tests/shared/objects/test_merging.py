"""An object that several windows see is one object, also at a seam of their cores."""

from __future__ import annotations

import tracemalloc

import pytest

from rsgpt_plugin.shared.objects.found_points import FoundPoint
from rsgpt_plugin.shared.objects.merging import ObjectMerger
from rsgpt_plugin.shared.objects.search_grid import SearchGrid, search_grid
from rsgpt_plugin.shared.rasters.tiles import PixelGrid

GRID = search_grid(PixelGrid((0.0, 1.0, 0.0, 0.0, 0.0, -1.0), 1152, 768), 640)


def seen(
    grid: SearchGrid, objects: list[tuple[float, float, float]], shift: float = 0.0
) -> list[tuple[int, FoundPoint]]:
    """Return what is merged if each window sees the objects (x, y, side) in it, some shifted to the right."""
    merger = ObjectMerger(grid)
    for number in range(len(grid)):
        window, points = grid.window(number), []
        for x, y, side in objects:
            right = x - window.x + (shift if number % 2 else -shift)
            down, confidence = y - window.y, 0.9 - 0.01 * number
            if 0 <= right < window.width and 0 <= down < window.height:
                points.append(FoundPoint(right, down, confidence, (right - side / 2, down - side / 2, side, side)))
        merger.add(number, points, window.width)
    return merger.found_objects(merger.merged())


@pytest.mark.parametrize("x", [376, 380, 383, 384, 385, 388, 600, 767, 768])
@pytest.mark.parametrize("shift", [0.0, 2.0, -2.0])
def test_an_object_at_a_seam_is_found_once(x: float, shift: float) -> None:
    ((_, point),) = seen(GRID, [(x, 300, 40)], shift)
    assert abs(point.x - x) <= 2


def test_neighbors_on_both_sides_of_a_seam_are_two_objects() -> None:
    found = seen(GRID, [(376, 300, 14), (392, 300, 14)])
    assert sorted(point.x for _, point in found) == [376, 392]


def test_objects_are_in_the_order_of_their_windows_with_the_likelier_first() -> None:
    merger = ObjectMerger(GRID)
    for number, confidence in ((1, 0.5), (0, 0.6), (1, 0.8)):
        y = 200 + 100 * confidence
        merger.add(number, [FoundPoint(240, y, confidence, (238, y - 2, 4, 4))], 480)
    assert [(number, point.confidence) for number, point in merger.found_objects(merger.merged())] == [
        (0, 0.6),
        (1, 0.8),
        (1, 0.5),
    ]
    assert merger.merged(0.6)[:, 0].tolist() == [0, 1]


def test_boxes_end_at_the_edge_of_the_raster() -> None:
    ((_, point),) = seen(GRID, [(5, 6, 40)])
    assert (point.x, point.y, point.box) == (5, 6, (0, 0, 25, 26))


def test_nothing_found() -> None:
    merger = ObjectMerger(GRID)
    assert merger.found_objects(merger.merged()) == []


def test_objects_stay_numbers_while_they_are_merged() -> None:
    side = 1200
    merger = ObjectMerger(search_grid(PixelGrid((0.0, 1.0, 0.0, 0.0, 0.0, -1.0), side, side), 640))
    for number in range(len(merger._grid)):
        window = merger._grid.window(number)
        corners = [(x, y) for y in range(3, window.height, 27) for x in range(3, window.width, 27)]
        merger.add(number, [FoundPoint(x, y, 0.5, (x - 3, y - 3, 6, 6)) for x, y in corners], window.width)
    count = len(merger._values) // 8
    assert count > 2_000
    tracemalloc.start()
    merger.merged()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak / count < 300  # a FoundPoint alone has more
