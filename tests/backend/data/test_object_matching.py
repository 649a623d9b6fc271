"""Points are matched to boxes one to one, and counts are close within 20 %."""

from __future__ import annotations

import pytest

from rsgpt_backend.data.object_annotations import ObjectBox, ObjectRecord
from rsgpt_backend.data.object_matching import PointMatch, boxes_of, close_share, counted_as, f1, match_points

LEFT, RIGHT = ObjectBox("car", 0, 0, 10, 10), ObjectBox("car", 8, 0, 10, 10)


@pytest.mark.parametrize(
    ("points", "matched"),
    [
        ([], 0),
        ([(5, 5)], 1),
        ([(5, 5), (6, 6)], 1),
        ([(9, 5), (5, 5)], 2),
        ([(5, 5), (9, 5), (12, 5)], 2),
        ([(30, 5)], 0),
        ([(0, 0), (18, 10)], 2),
    ],
)
def test_each_point_and_box_counts_once(points: list[tuple[float, float]], matched: int) -> None:
    assert match_points(points, [LEFT, RIGHT]) == PointMatch(len(points), 2, matched)


@pytest.mark.parametrize(
    ("points", "boxes", "is_close"),
    [(0, 0, True), (1, 0, False), (0, 1, False), (4, 5, True), (6, 5, True), (7, 5, False), (8, 10, True)],
)
def test_close_counts(points: int, boxes: int, is_close: bool) -> None:
    assert PointMatch(points, boxes, 0).is_close is is_close


def test_scores() -> None:
    matches = [PointMatch(3, 2, 2), PointMatch(0, 1, 0)]
    assert f1(matches) == pytest.approx(4 / 6)
    assert f1([PointMatch(0, 0, 0)]) == f1([]) == 1.0
    assert close_share([*matches, PointMatch(0, 0, 0)]) == pytest.approx(1 / 3)
    assert close_share([]) == 0.0


def test_buses_and_trucks_are_counted_as_cars() -> None:
    record = ObjectRecord("a.jpg", 10, 10, boxes=(LEFT, ObjectBox("bus", 0, 0, 1, 1), ObjectBox("ship", 0, 0, 1, 1)))
    assert [box.label for box in boxes_of(record, "car")] == ["car", "bus"]
    assert [counted_as(label) for label in ("minibus", "truck", "ship")] == ["car", "car", "ship"]
