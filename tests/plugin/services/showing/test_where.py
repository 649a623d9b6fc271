"""What is shown of an answer, and its place on the map."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsPointXY, QgsRectangle

from rsgpt_plugin.services.showing.subject import MapFrame, ShownSubject
from rsgpt_plugin.services.showing.where import Located, boxes_of
from rsgpt_plugin.shared.objects.found_points import FoundPoint
from rsgpt_plugin.shared.objects.shown import Shown, Unshown

UTM = QgsCoordinateReferenceSystem("EPSG:32633")
POINTS = (FoundPoint(25, 10, 0.9, (20, 5, 10, 10)), FoundPoint(75, 40, 0.6, (70, 35, 10, 10)))


def located(shown: Shown, gsd_m: float = 0.5, turned: bool = False) -> Located:
    """Return what is shown in a picture of 100 x 50 pixels of half a meter; or of a grid turned by 30 degrees."""
    right, down = ((50.0, 0.0), (0.0, -25.0)) if not turned else ((43.3013, 25.0), (12.5, -21.6506))
    left, top = 500_000.0, 5_000_000.0
    first, second, third = (QgsPointXY(left + x, top + y) for x, y in ((0.0, 0.0), right, down))
    return Located(ShownSubject("?", "00", gsd_m, MapFrame(first, second, third, UTM)), shown)


def centers(geometry: QgsGeometry) -> list[tuple[float, float]]:
    points = [part.centroid().asPoint() for part in geometry.asGeometryCollection()]
    return [(round(point.x() - 500_000, 1), round(point.y() - 5_000_000, 1)) for point in points]


@pytest.mark.parametrize("boxed", [True, False])
def test_objects_are_placed_on_the_map(boxed: bool) -> None:
    of_map = located(Shown(100, 50, "airplane", POINTS, boxed)).on_map()
    assert of_map is not None
    assert centers(of_map) == [(12.5, -5.0), (37.5, -20.0)]


def test_the_place_turns_with_the_grid() -> None:
    of_map = located(Shown(100, 50, "airplane", POINTS[:1]), turned=True).on_map()
    assert of_map is not None
    assert centers(of_map) == [(13.3, 1.9)]


def test_a_region_is_one_shape() -> None:
    shown = Shown(100, 50, "water", region=("0110", "0111"))
    assert boxes_of(shown) == [(25, 0, 50, 25), (25, 25, 75, 25)]
    of_map = located(shown).on_map()
    assert of_map is not None
    assert len(of_map.asGeometryCollection()) == 1
    assert of_map.area() == pytest.approx(5 / 8 * 50 * 25)
    assert of_map.boundingBox() == QgsRectangle(500_012.5, 4_999_975, 500_050, 5_000_000)


def test_a_frame_of_another_size_is_not_the_place_of_the_picture() -> None:
    assert located(Shown(100, 50, "airplane", POINTS), gsd_m=0.6).on_map() is None
    assert located(Shown(100, 100, "airplane", POINTS)).on_map() is None
    assert Located(ShownSubject("?", "00", 0.5, None), Shown(100, 50, "airplane", POINTS)).on_map() is None


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (Shown(100, 50, "airplane", POINTS), ["2 × airplane"]),
        (Shown(100, 50, "water", region=("01", "00")), ["water: 25% of the picture"]),
        (Shown(100, 50, "pool", reason=Unshown.UNKNOWN), ["cannot locate", "“pool”"]),
        (Shown(100, 50, "car", reason=Unshown.ABSENT), ["finds no “car”"]),
        (Shown(100, 50, "car", reason=Unshown.CONDITION), ["which of “car”"]),
        (Shown(100, 50, reason=Unshown.NO_THING), ["does not ask"]),
    ],
)
def test_what_is_said(shown: Shown, words: Sequence[str]) -> None:
    sentence = located(shown).sentence()
    assert [word for word in words if word not in sentence] == []
    if shown.reason:
        assert located(shown).on_map() is None
