"""What is shown of an answer, and its place on the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsPointXY, QgsRectangle

from rsgpt_plugin.client import answer_source
from rsgpt_plugin.client.answer_source import AnswerSource, PictureQuery
from rsgpt_plugin.client.installed_models import ModelInfo
from rsgpt_plugin.services.showing import where
from rsgpt_plugin.services.showing.subject import MapFrame, ShownSubject
from rsgpt_plugin.services.showing.where import Located, boxes_of
from rsgpt_plugin.shared.answers.typed_answers import RawAnswer
from rsgpt_plugin.shared.model_abilities import FinderInfo
from rsgpt_plugin.shared.objects.found_points import FoundPoint
from rsgpt_plugin.shared.objects.shown import Shown, Unshown, shown_text
from tests.plugin.waiting import wait_until

UTM = QgsCoordinateReferenceSystem("EPSG:32633")
FINDER = FinderInfo(("car",), ("car",), 640, 0.05, (127, 127, 127))
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
        (Shown(100, 50, "water", region=("01", "00")), ["water: 25 % of the picture"]),
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


def test_an_answer_of_another_model_is_named() -> None:
    subject = ShownSubject("?", "00", 0.5, None, model="rsgpt-7b")
    shown = Shown(100, 50, "airplane", POINTS)
    assert Located(subject, shown, True).sentence() == "Another model or version answered (rsgpt-7b). 2 × airplane"


@pytest.mark.parametrize(
    ("part", "start"),
    [("classifier", "The classifier gave"), ("language model", "The language model gave"), ("finder", ""), ("", "")],
)
def test_the_part_that_answered_is_named_if_it_locates_nothing(part: str, start: str) -> None:
    subject, absent = ShownSubject("?", "00", 0.5, None, answered_by=part), Shown(9, 9, "car", reason=Unshown.ABSENT)
    end = "Nothing to show: the model finds no “car” in the picture."
    sentence = Located(subject, absent).sentence()
    assert sentence.startswith(start or end)
    assert sentence.endswith(end)


@pytest.mark.parametrize("finder", [None, FINDER])
def test_a_server_is_asked_only_if_its_model_finds(
    qgis_new_project: None, monkeypatch: pytest.MonkeyPatch, finder: FinderInfo | None
) -> None:
    server = ModelInfo("mine", server="http://127.0.0.1:9/v1", fingerprint="f")
    asked: list[str] = []

    def answer(source: AnswerSource, query: PictureQuery, on_text: object) -> RawAnswer:
        asked.append(query.questions[0].text)
        return RawAnswer(shown_text(Shown(100, 50, "car", POINTS)), 1.0)

    monkeypatch.setattr(where, "chosen_model", lambda: server)
    monkeypatch.setattr(answer_source, "identified_model", lambda model, feedback: replace(model, finder=finder))
    monkeypatch.setattr(AnswerSource, "ask_one", answer)
    results: list[Located] = []
    problems: list[str] = []
    task = where.locating(ShownSubject("How many cars?", "00", None, None, png=b"png", model="other"))
    task.done.connect(results.append)
    task.failed.connect(lambda sentence, details: problems.append(sentence))
    task.start()
    wait_until(lambda: bool(results or problems))
    if finder is None:
        assert asked == []
        assert "“mine” cannot show where something is. Choose" in problems[0]
    else:
        assert asked == ["How many cars?"]
        assert results[0].is_other
