"""Objects of a raster are collected from its windows, each with the provenance of the window that found it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rsgpt_plugin.shared.objects.collecting import ObjectCollector, WindowOrigin
from rsgpt_plugin.shared.objects.found_points import FoundPoint
from rsgpt_plugin.shared.objects.found_text import FoundInPicture
from rsgpt_plugin.shared.objects.search_grid import search_grid
from rsgpt_plugin.shared.rasters.tiles import PixelGrid

GRID = search_grid(PixelGrid((0.0, 1.0, 0.0, 0.0, 0.0, -1.0), 1152, 768), 640)
ORIGINS = [WindowOrigin(f"picture {number}", 0.3, f"2026-11-30T12:00:0{number}+00:00") for number in range(2)]


def point(x: float, confidence: float) -> FoundPoint:
    return FoundPoint(x, 200.0, confidence, (x - 5, 195.0, 10, 10))


def collected(least_confidence: float = 0.0) -> ObjectCollector:
    """Return an airplane and a car in window 0, and in window 1 the same car, less certain, and another one."""
    collector = ObjectCollector(GRID, ("airplane", "car"), least_confidence)
    right = GRID.window(1).x - GRID.window(0).x
    seen = {"airplane": [point(100, 0.9)], "car": [point(432, 0.8)], "ship": [point(50, 0.9)]}
    collector.add(0, FoundInPicture(480, 480, seen), ORIGINS[0])
    cars = [point(432 - right, 0.6), point(300, 0.7)]
    collector.add(1, FoundInPicture(480, 480, {"car": cars}), ORIGINS[1])
    return collector


def rows(collector: ObjectCollector) -> list[tuple[object, ...]]:
    pages = collector.pages(collector.merged())
    return [tuple(found.values().values()) for page in pages for found in page]


def test_each_object_is_returned_once_with_the_window_that_found_it_best() -> None:
    assert rows(collected()) == [
        ("airplane", 0.9, 0, "picture 0", 0.3, ORIGINS[0].asked_at),
        ("car", 0.8, 0, "picture 0", 0.3, ORIGINS[0].asked_at),
        ("car", 0.7, 1, "picture 1", 0.3, ORIGINS[1].asked_at),
    ]


def test_less_certain_objects_are_left_out() -> None:
    assert [row[:2] for row in rows(collected(0.75))] == [("airplane", 0.9), ("car", 0.8)]


def test_objects_outside_of_a_region_do_not_count() -> None:
    collector = collected()

    def is_left(points: Sequence[FoundPoint]) -> np.ndarray:
        return np.array([one.x < GRID.window(0).x + 200 for one in points])

    merged = collector.merged(is_left)
    assert {label: len(values) for label, values in merged.items()} == {"airplane": 1, "car": 0}
    assert [found.label for page in collector.pages(merged) for found in page] == ["airplane"]
    assert ObjectCollector(GRID, ["car"]).merged(is_left)["car"].shape == (0, 8)
