"""A threshold is chosen per label by points, counts and empty pictures, from validation data."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from rsgpt_backend.data.object_annotations import ObjectBox, ObjectRecord
from rsgpt_backend.data.object_matching import f1
from rsgpt_backend.model.weights import load_model
from rsgpt_backend.train.finder import thresholds as module
from rsgpt_backend.train.finder.thresholds import best_threshold, choose_thresholds, matches_above
from rsgpt_plugin.shared.objects.found_points import FoundPoint
from tests.backend.train.finder.finder_data import write_cars

RECORD = ObjectRecord("a.png", 96, 80, None, (ObjectBox("car", 0, 0, 10, 10),))


def points(*confidences: float, x: float = 5) -> list[FoundPoint]:
    return [FoundPoint(x, 5, confidence, (0, 0, 10, 10)) for confidence in confidences]


def test_wrong_points_below_the_right_ones_are_cut_off() -> None:
    found = [(RECORD, {"car": [*points(0.6), *points(0.5, 0.3, x=50)]})]
    assert 0.5 < best_threshold(found, "car") <= 0.6
    assert [match.points for match in matches_above(found, "car", 0.4)] == [2]


def test_counts_matter_as_much_as_points() -> None:
    """At 0.2, four more objects are found in one picture, but the counts of the two others are wrong."""
    many = replace(RECORD, boxes=tuple(ObjectBox("car", 15 * number, 0, 10, 10) for number in range(5)))
    lot = [point for number in range(1, 5) for point in points(0.2, x=15 * number + 5)]
    wrong = (RECORD, {"car": [*points(0.6), *points(0.2, x=80)]})
    found = [(many, {"car": [*points(0.6), *lot]}), wrong, wrong]
    assert f1(matches_above(found, "car", 0.2)) > f1(matches_above(found, "car", 0.6))
    assert 0.2 < best_threshold(found, "car") <= 0.6


def test_counts_of_incompletely_boxed_pictures_do_not_matter() -> None:
    found = [(RECORD, {"car": points(0.6)})]
    unmarked = [(RECORD, {"car": [*points(0.6, x=80), *points(0.3)]})]  # with both points, one more than boxes
    assert best_threshold(found, "car", unmarked) == module.LOWEST
    assert best_threshold([*found, *unmarked], "car") > 0.3


def test_pictures_without_the_label_raise_the_threshold() -> None:
    found = [(RECORD, {"car": points(0.6)})]
    empty = (replace(RECORD, boxes=()), {"car": points(0.4)})
    assert best_threshold(found, "car", (), [empty]) == pytest.approx(0.42)
    faint = [(RECORD, {"car": points(0.3)})] * 3
    assert best_threshold([*found, *faint], "car", (), [empty]) == module.LOWEST


def test_labels_say_which_pictures_are_empty(
    finder_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = write_cars(tmp_path)
    labels = {
        "annotations": [{"filename": "1.png", "width": 96, "height": 80, "objects": [], "labels": {"car": False}}]
    }
    (tmp_path / "labels.json").write_text(json.dumps(labels), encoding="utf-8")
    labelled = replace(dataset, objects="labels.json", complete=())
    absent: list[list[str]] = []

    def best(found: object, label: str, partial: object, empty: list[tuple[ObjectRecord, object]]) -> float:
        absent.append([record.filename for record, _ in empty])
        return 0.5

    monkeypatch.setattr(module, "best_threshold", best)
    monkeypatch.setattr(module, "search", lambda *_: {"car": [], "airplane": []})
    choose_thresholds(load_model(finder_folder), tmp_path, [dataset, labelled], 9)
    assert absent == [["0.png", "4.png", "1.png"]]


def test_the_lowest_of_equally_good_thresholds_is_chosen() -> None:
    assert best_threshold([(RECORD, {"car": points(0.6)})], "car") == module.LOWEST


def test_thresholds_of_labels_without_validation_boxes_stay(
    finder_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, dataset = load_model(finder_folder), write_cars(tmp_path)
    asked = []

    def search(model: object, image: object, gsd_m: object, lowest: list[float]) -> dict[str, list[FoundPoint]]:
        asked.append(lowest)
        return {"car": points(0.2, x=500), "airplane": []}

    monkeypatch.setattr(module, "search", search)
    chosen = choose_thresholds(model, tmp_path, [dataset, replace(dataset, objects="")], 4)
    assert list(chosen) == ["car"]
    assert asked == [[module.LOWEST] * 2] * 4
    assert model.config.finder is not None
    assert model.config.finder.thresholds == (0.3, chosen["car"])
