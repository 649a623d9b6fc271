"""`rsgpt evaluate` prints the scores as one object and writes the answers to the file of --answers."""

from __future__ import annotations

import errno
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rsgpt_backend.cli import main
from rsgpt_backend.evaluate.result import EvaluationResult, read_result
from rsgpt_backend.model.config import ModelConfig
from tests.backend.toy import picture


@pytest.fixture(autouse=True)
def no_java(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)


def arguments(kind: str, toy_folder: Path, toy_data: Path, *more: str) -> list[str]:
    given = ["--images", str(toy_data / "images"), "--annotations", str(toy_data / f"{kind}.json")]
    return ["evaluate", kind, *given, "--model", str(toy_folder), *more]


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        (
            "captions",
            "images BLEU-1 BLEU-2 BLEU-3 BLEU-4 METEOR ROUGE-L CIDEr invented recalled intervals calibration seconds",
        ),
        ("questions", "questions accuracy intervals calibration seconds"),
    ],
)
def test_json(
    kind: str, keys: str, toy_folder: Path, toy_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = tmp_path / "answers.json"
    more = ("--limit", "3", "--json", "--answers", str(answers))
    assert main(arguments(kind, toy_folder, toy_data, *more)) == 0
    (line,) = capsys.readouterr().out.splitlines()
    found: dict[str, Any] = json.loads(line)
    assert list(found) == keys.split()
    assert found[keys.split(maxsplit=1)[0]] == 3
    result = read_result(answers)
    assert (result.kind, result.model, result.benchmark) == (kind, "toy", "set" if kind == "captions" else kind)
    assert result.scores == found
    assert len(result.answers) == 3


def test_text(toy_folder: Path, toy_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments("questions", toy_folder, toy_data, "--limit", "2")) == 0
    out = capsys.readouterr().out
    assert "questions  2\n" in out
    assert re.search(r"average  [\d.]+  \([\d.]+ to [\d.]+\)\n +ECE  [\d.]+\n", out)


def test_meteor_is_reported_as_missing_without_java(
    toy_folder: Path, toy_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([arg for arg in arguments("captions", toy_folder, toy_data) if arg != "--json"]) == 0
    assert "METEOR  not measured: it needs Java" in capsys.readouterr().out


def test_scenes_of_folders(toy_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, scene in enumerate(["river", "river", "bTown"]):
        folder = tmp_path / "sorted" / scene
        folder.mkdir(parents=True, exist_ok=True)
        picture(number).save(folder / f"{number}.png")
    given = ["evaluate", "scenes", "--images", str(tmp_path / "sorted"), "--name", "bTown=town,city"]
    answers = tmp_path / "a.json"
    assert main([*given, "--model", str(toy_folder), "--json", "--answers", str(answers)]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert scores["questions"] == 3
    assert list(scores["accuracy"]) == ["bTown", "river", "average"]
    assert read_result(answers).benchmark == "sorted"


@pytest.mark.parametrize("name", ["bTown", "=town", "bTown=", "bTown= , "])
def test_a_name_without_its_folder_is_wrong_use(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["evaluate", "scenes", "--images", "x", "--name", name])
    assert "write FOLDER=NAME" in capsys.readouterr().err


def test_a_report_of_two_evaluations(
    toy_folder: Path, toy_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = []
    for kind in ("captions", "questions"):
        files.append(str(tmp_path / f"{kind}.json"))
        assert main(arguments(kind, toy_folder, toy_data, "--limit", "4", "--answers", files[-1])) == 0
    assert main(["evaluate", "report", *files, "--out", str(tmp_path / "new" / "report")]) == 0
    assert "report.html" in capsys.readouterr().err
    text = (tmp_path / "new" / "report" / "report.md").read_text("utf-8")
    assert "## Captions: set" in text  # captions.json: the folder's name is used
    assert "## Questions: questions" in text
    assert "<svg" in (tmp_path / "new" / "report" / "report.html").read_text("utf-8")


def test_a_model_is_calibrated(toy_folder: Path, toy_data: Path, tmp_path: Path) -> None:
    model, answers = tmp_path / "model", tmp_path / "a.json"
    shutil.copytree(toy_folder, model)
    assert main(arguments("questions", toy_folder, toy_data, "--answers", str(answers))) == 0
    result = read_result(answers)
    for one in result.answers:
        one |= {"given": "yes", "form": "yes_no"}
    result.answers.extend(result.answers * 10)
    result.write(answers)
    assert main(["evaluate", "calibrate", str(answers), "--model", str(model)]) == 0
    before, after = ModelConfig.read(toy_folder), ModelConfig.read(model)
    assert list(after.calibration) == ["yes_no"]
    assert replace(after, calibration={}, yes_odds=before.yes_odds) == before


def test_another_model_s_answers_calibrate_nothing(
    toy_folder: Path, toy_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = tmp_path / "a.json"
    assert main(arguments("questions", toy_folder, toy_data, "--limit", "1", "--answers", str(answers))) == 0
    model = tmp_path / "model"
    replace(ModelConfig.read(toy_folder), weights_sha256="0" * 64).write(model)
    assert main(["evaluate", "calibrate", str(answers), "--model", str(model)]) == 2
    assert "evaluated with other weights" in capsys.readouterr().err
    assert ModelConfig.read(model).calibration == {}


def test_a_report_of_something_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.json").write_text("[]")
    assert main(["evaluate", "report", str(tmp_path / "a.json"), "--out", str(tmp_path)]) == 1
    assert "holds no evaluation" in capsys.readouterr().err


def test_scores_are_printed_if_answers_cannot_be_written(
    toy_folder: Path,
    toy_data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(EvaluationResult, "write", full)
    more = ("--limit", "2", "--json", "--answers", str(tmp_path / "a.json"))
    assert main(arguments("questions", toy_folder, toy_data, *more)) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["questions"] == 2
    assert "cannot be read or written" in err


def test_unusual_options_are_part_of_the_model_name(toy_folder: Path, toy_data: Path, tmp_path: Path) -> None:
    more = ("--limit", "1", "--beams", "2", "--prompt", "gray", "--answers", str(tmp_path / "a.json"))
    assert main(arguments("captions", toy_folder, toy_data, *more)) == 0
    assert read_result(tmp_path / "a.json").model == "toy, “gray”, 2 beams"


def test_gray_pictures_are_part_of_the_model_name(toy_folder: Path, toy_data: Path, tmp_path: Path) -> None:
    more = ("--grey", "--answers", str(tmp_path / "a.json"))
    assert main(arguments("questions", toy_folder, toy_data, *more)) == 0
    result = read_result(tmp_path / "a.json")
    assert result.model == "toy, grey pictures"
    assert len({(one["question"], one["given"]) for one in result.answers}) == 1  # all look the same


def test_guesses_need_no_model(toy_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(toy_data / "questions.json")
    assert main(["evaluate", "baselines", "--training", file, "--annotations", file, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "kind": {"presence": 50.0, "average": 50.0},
        "words": {"presence": 50.0, "average": 50.0},
    }


def test_questions_have_their_own_prompts(toy_folder: Path, toy_data: Path) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments("questions", toy_folder, toy_data, "--prompt", "gray"))
    assert left.value.code == 2


def test_beams_are_refused_for_a_server(toy_folder: Path, toy_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = arguments("captions", toy_folder, toy_data, "--url", "http://127.0.0.1:9/v1", "--beams", "2")
    assert main(given) == 2
    assert "Remove --beams" in capsys.readouterr().err


@pytest.mark.parametrize("limit", ["0", "-1", "x"])
def test_a_wrong_limit_is_wrong_use(
    toy_folder: Path, toy_data: Path, limit: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments("captions", toy_folder, toy_data, f"--limit={limit}"))
    assert caught.value.code == 2
    assert "--limit" in capsys.readouterr().err


def test_missing_pictures(toy_folder: Path, toy_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = arguments("captions", toy_folder, toy_data)
    given[given.index("--images") + 1] = str(toy_data / "nowhere")
    assert main(given) == 1
    assert "does not exist. Choose a folder of pictures or a zip archive." in capsys.readouterr().err


def test_ratings_are_printed_as_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grades = {"detail": 3, "position": 3, "hallucination": 3}
    rated = [
        {"filename": "1.png", "model": "ours", **grades},
        {"filename": "1.png", "model": "theirs", **grades, "detail": 1},
    ]
    (tmp_path / "r.json").write_text(json.dumps({"rater": "A", "ratings": rated}))
    assert main(["evaluate", "ratings", str(tmp_path / "r.json")]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "rated higher: ours 1, theirs 0, equal 0"


def test_answers_replace_neither_an_input_nor_a_file_of_others(
    toy_folder: Path,
    toy_data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "rsgpt_backend.commands.evaluation.evaluate.engine_from", lambda args: pytest.fail("it was asked")
    )
    annotations = toy_data / "captions.json"
    before = annotations.read_text()
    (tmp_path / "notes.json").write_text("{}")
    for path, sentence in (
        (annotations, "which this command reads"),
        (tmp_path / "notes.json", "was not written by this command"),
        (tmp_path / "none" / "a.json", "does not exist"),
    ):
        assert main(arguments("captions", toy_folder, toy_data, "--answers", str(path))) == 2
        assert sentence in capsys.readouterr().err
    assert (annotations.read_text(), (tmp_path / "notes.json").read_text()) == (before, "{}")


def test_reports_and_sheets_replace_only_their_own_files(
    toy_folder: Path, toy_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = str(tmp_path / "answers.json")
    for _ in range(2):
        assert main(arguments("captions", toy_folder, toy_data, "--limit", "2", "--answers", answers)) == 0
    for command, out, file in (("report", "r", "r/report.md"), ("sheet", "sheet.html", "sheet.html")):
        for _ in range(2):
            assert main(["evaluate", command, answers, "--out", str(tmp_path / out)]) == 0
        (tmp_path / file).write_text("my notes")
        assert main(["evaluate", command, answers, "--out", str(tmp_path / out)]) == 2
        assert "was not written by this command" in capsys.readouterr().err
        assert (tmp_path / file).read_text() == "my notes"
