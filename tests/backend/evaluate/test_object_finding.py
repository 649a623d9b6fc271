"""Found objects are scored by points and counts, with intervals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rsgpt_backend.engine.heads import finding
from rsgpt_backend.errors import DataError
from rsgpt_backend.evaluate.object_finding import evaluate_objects, summary
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_plugin.shared.objects.found_points import FoundPoint
from tests.backend.toy import picture


@pytest.fixture
def object_file(tmp_path: Path) -> Path:
    """Three pictures: one with a car and a bus, one without any, one with a car that is cut off."""
    (tmp_path / "images").mkdir()
    for number in range(3):
        picture(number).save(tmp_path / "images" / f"{number}.png")
    boxes = [{"label": "car", "bbox": [0, 0, 10, 10]}, {"label": "bus", "bbox": [20, 0, 10, 10]}]
    rows: list[dict[str, object]] = [{"objects": boxes}, {"objects": []}, {"objects": [], "cut": 1}]
    records = [{"filename": f"{number}.png", "width": 96, "height": 80, **row} for number, row in enumerate(rows)]
    path = tmp_path / "objects.json"
    path.write_text(json.dumps({"annotations": records}), encoding="utf-8")
    return path


@pytest.fixture
def one_car(monkeypatch: pytest.MonkeyPatch) -> None:
    """One car in each picture, at (5, 5)."""
    found = {"car": [FoundPoint(5, 5, 0.9, (0, 0, 10, 10))], "airplane": []}
    monkeypatch.setattr(finding, "search", lambda *_, **__: found)


def test_scores_of_a_file(finding_toy: Rsgpt, object_file: Path, one_car: None) -> None:
    scores, rows = evaluate_objects(finding_toy, object_file.parent / "images", object_file)
    assert list(scores) == ["pictures", "objects", "intervals", "seconds"]
    assert scores["objects"] == {
        "car": {"F1": 40.0, "precision": 33.33, "recall": 50.0, "counts": 0.0, "error": 1.0, "counted": 2}
    }
    assert [(row["count"], row["expected"], row["matched"], row["counted"]) for row in rows] == [
        (1, 2, 1, True), (1, 0, 0, True), (1, 0, 0, False),
    ]  # fmt: skip
    assert rows[0]["points"] == [[5, 5, 0.9]]
    low, high = scores["intervals"]["car"]["F1"]
    assert 0 <= low <= 40 <= high <= 100


def test_named_objects_are_scored_also_where_there_are_none(
    finding_toy: Rsgpt, object_file: Path, one_car: None
) -> None:
    scores, _ = evaluate_objects(finding_toy, object_file.parent / "images", object_file, ["airplane"], limit=2)
    assert scores["pictures"] == 2
    assert scores["objects"]["airplane"]["counts"] == 100.0


def test_a_file_without_known_boxes_is_refused(finding_toy: Rsgpt, object_file: Path) -> None:
    with pytest.raises(DataError, match=r"has no box of an object that toy finds \(airplane, car\)"):
        evaluate_objects(finding_toy, object_file.parent / "images", object_file, ["ship"])


def test_pictures_with_cut_objects_are_not_counted() -> None:
    row: dict[str, Any] = {"filename": "a", "object": "car", "count": 1, "expected": 1, "matched": 1, "counted": False}
    scores = summary([row])
    assert scores["objects"]["car"] == {
        "F1": 100.0, "precision": 100.0, "recall": 100.0, "counts": None, "error": None, "counted": 0,
    }  # fmt: skip
    assert scores["intervals"]["car"] == {"F1": [100.0, 100.0]}
