"""`rsgpt doctor` reports what is installed and whether the model gives the expected answer."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from rsgpt_backend import __version__
from rsgpt_backend.cli import main
from rsgpt_backend.engine.loading import load_engine
from rsgpt_backend.model.config import ModelConfig
from rsgpt_backend.model.language.language_files import language_sha256
from rsgpt_backend.predictor import Ask
from tests.backend.toy import picture


@pytest.fixture
def folder(toy_folder: Path, tmp_path: Path) -> Path:
    """The toy model with a test picture in its folder."""
    copy = tmp_path / "model"
    shutil.copytree(toy_folder, copy, ignore=shutil.ignore_patterns("language"))
    picture(1).save(copy / "known.png")
    return copy


def note(folder: Path, **self_test: str) -> None:
    config = ModelConfig.read(folder)
    dataclasses.replace(config, notes={"self_test": self_test} if self_test else {}).write(folder)


def doctor(folder: Path | str, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    code = main(["doctor", "--model", str(folder), "--json"])
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return code, {one["check"]: one for one in objects}


def test_all_is_well(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (answer,) = load_engine(str(folder)).answer([Ask(picture(1), "x", "gray")])
    note(folder, image="known.png", prompt="gray", contains=answer.text.lower()[:5])
    code, found = doctor(folder, capsys)
    assert code == 0
    assert all(one["ok"] for one in found.values())
    assert found["rsgpt"]["value"] == __version__
    assert {"python", "machine", "torch", "transformers", "models", "known picture"} <= set(found)
    assert "as expected" in found["known picture"]["value"]


def test_another_language_model_than_the_recorded_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = ModelConfig.read(folder)
    right = dataclasses.replace(config.language, sha256=language_sha256(config.language))
    dataclasses.replace(config, language=right).write(folder)
    code, found = doctor(folder, capsys)
    assert (code, found["language model"]["ok"]) == (0, True)
    wrong = dataclasses.replace(config.language, sha256="0" * 64)
    dataclasses.replace(config, language=wrong).write(folder)
    code, found = doctor(folder, capsys)
    assert (code, found["language model"]["error"]["code"]) == (1, "model")


def test_a_model_that_answers_otherwise(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    note(folder, image="known.png", prompt="gray", contains="a sentence it never says")
    code, found = doctor(folder, capsys)
    assert code == 1
    assert found["known picture"]["ok"] is False
    assert found["known picture"]["error"]["message"].endswith("Install the model again.")


def test_a_model_without_a_known_picture(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    note(folder)
    code, found = doctor(folder, capsys)
    assert code == 0
    assert "it has no test picture" in found["known picture"]["value"]


def test_a_known_picture_that_is_gone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    note(folder, image="gone.png", prompt="gray", contains="x")
    code, found = doctor(folder, capsys)
    assert (code, found["known picture"]["error"]["code"]) == (1, "model")
    assert "gone.png is missing" in found["known picture"]["error"]["message"]


@pytest.mark.parametrize("image", ["../known.png", "/known.png", ""])
def test_a_known_picture_outside_the_folder(folder: Path, image: str, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(folder / "known.png", folder.parent)
    note(folder, image=image, prompt="gray", contains="x")
    code, found = doctor(folder, capsys)
    assert (code, found["known picture"]["error"]["code"]) == (1, "model")


def test_an_unknown_model(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = doctor("nonsense", capsys)
    assert (code, found["known picture"]["error"]["code"]) == (1, "model")


def test_a_missing_package(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from rsgpt_backend.commands import doctor as module

    monkeypatch.setattr(module, "_PACKAGES", ("torch", "no-such-package"))
    code, found = doctor(folder, capsys)
    assert (code, found["torch"]["ok"], found["no-such-package"]["ok"]) == (1, True, False)
    assert "no-such-package is missing. Repair" in found["no-such-package"]["error"]["message"]


def test_as_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--model", str(folder)]) == 0
    assert "known picture  toy" in capsys.readouterr().out
