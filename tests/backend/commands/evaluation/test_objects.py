"""`rsgpt evaluate objects` prints the scores and writes the points to the file of --answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rsgpt_backend.cli import main
from rsgpt_backend.engine.heads import finding
from rsgpt_backend.evaluate.result import read_result
from rsgpt_plugin.shared.objects.found_points import FoundPoint
from tests.backend.toy import picture


@pytest.fixture
def given(tmp_path: Path, finder_folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The arguments of an evaluation of two pictures; the model finds one car in each."""
    found = {"car": [FoundPoint(5, 5, 0.9, (0, 0, 10, 10))], "airplane": []}
    monkeypatch.setattr(finding, "search", lambda *_, **__: found)
    (tmp_path / "images").mkdir()
    for number in range(2):
        picture(number).save(tmp_path / "images" / f"{number}.png")
    box = {"label": "car", "bbox": [0, 0, 10, 10]}
    records = [{"filename": f"{number}.png", "width": 96, "height": 80, "objects": [box]} for number in range(2)]
    (tmp_path / "cars.json").write_text(json.dumps({"dataset": "Cars", "annotations": records}), encoding="utf-8")
    paths = ["--images", str(tmp_path / "images"), "--annotations", str(tmp_path / "cars.json")]
    return ["evaluate", "objects", *paths, "--model", str(finder_folder)]


def test_json_and_answers(given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = tmp_path / "answers.json"
    assert main([*given, "--json", "--answers", str(answers)]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert scores["objects"]["car"]["F1"] == scores["objects"]["car"]["counts"] == 100.0
    result = read_result(answers)
    assert (result.kind, result.benchmark, result.model) == ("objects", "Cars", "toy")
    assert result.scores == scores
    assert len(result.answers) == 2


def test_text(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*given, "--object", "vehicles"]) == 0
    out = capsys.readouterr().out
    assert "car F1  100.0  (100.0 to 100.0)\n" in out
    assert "car error  0.0  (0.0 to 0.0)\n" in out


def test_an_unknown_object_is_wrong_usage(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*given, "--object", "zebra"]) == 2
    assert "It finds: airplane, car" in capsys.readouterr().err


def test_a_report_does_not_show_objects(given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = tmp_path / "answers.json"
    main([*given, "--answers", str(answers)])
    assert main(["evaluate", "report", str(answers), "--out", str(tmp_path / "report")]) == 2
    assert "does not show evaluations of objects" in capsys.readouterr().err
