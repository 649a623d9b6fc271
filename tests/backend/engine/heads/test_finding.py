"""Objects by noun, with boxes only where the finder has learned them, and regions by name."""

from __future__ import annotations

import json

import pytest

from rsgpt_backend.engine.heads import finding
from rsgpt_backend.engine.heads.finding import WindowFinder, find_objects
from rsgpt_backend.errors import EngineError, ModelError, QuestionError
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.predictor import Ask
from rsgpt_plugin.shared.objects.found_points import FoundPoint
from tests.backend.toy import picture

POINT = FoundPoint(3, 4, 0.5, (1, 2, 4, 4))


def test_objects_are_returned_in_the_order_of_the_nouns(finding_toy: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "search", lambda *_, **__: {"airplane": [POINT], "car": [POINT, POINT]})
    cars, planes = find_objects(finding_toy, picture(1), ["vehicles", "planes"])
    assert (cars.noun, cars.label, len(cars.points)) == ("vehicles", "car", 2)
    assert (planes.noun, planes.label, len(planes.points)) == ("planes", "airplane", 1)
    assert planes.box(POINT) == POINT.box
    assert cars.box(POINT) is None


def test_the_ground_resolution_is_passed_on(finding_toy: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float | None] = []

    def search(_: Rsgpt, __: object, gsd_m: float | None, on_window: object) -> dict[str, list[FoundPoint]]:
        given.append(gsd_m)
        return {"airplane": [], "car": []}

    monkeypatch.setattr(finding, "search", search)
    find_objects(finding_toy, picture(1), ["car"], 0.3)
    assert given == [0.3]


def test_errors(toy: Rsgpt, finding_toy: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="has no finder"):
        find_objects(toy, picture(1), ["car"])
    with pytest.raises(QuestionError, match="It finds: airplane, car"):
        find_objects(finding_toy, picture(1), ["ship"])

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(finding, "search", fail)
    with pytest.raises(EngineError, match=r"failed: out of memory\. Try a smaller picture"):
        find_objects(finding_toy, picture(1), ["car"])


def test_a_window_finder_answers_with_the_objects_of_each_picture(
    finding_toy: Rsgpt, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = FoundPoint(1 / 3, 4, 0.5, (1, 2, 4, 4))
    monkeypatch.setattr(finding, "search_window", lambda _, image: {"airplane": [points] * image.width, "car": []})
    pictures = [picture(1, (2, 2)), picture(2, (1, 1))]
    answers = WindowFinder(finding_toy).answer([Ask(image, "key", "object") for image in pictures])
    assert [json.loads(answer.text) for answer in answers] == [
        {"width": size, "height": size, "objects": {"airplane": [[0.3333, 4, 0.5, 1, 2, 4, 4]] * size}}
        for size in (2, 1)
    ]


def test_a_window_finder_needs_a_finder_and_reports_failures(
    toy: Rsgpt, finding_toy: Rsgpt, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ModelError, match="has no finder"):
        WindowFinder(toy)

    def fail(*_: object) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(finding, "search_window", fail)
    with pytest.raises(EngineError, match="out of memory"):
        WindowFinder(finding_toy).answer([Ask(picture(1), "key", "object")])
