"""`rsgpt train` makes a model from a recipe and reports wrong usage before it starts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rsgpt_backend.cli import main
from rsgpt_backend.model.config import ModelConfig
from tests.backend.toy import NAME, write_recipe


def test_training(toy_folder: Path, toy_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = write_recipe(tmp_path / "toy.toml", toy_folder, steps=100)
    out = tmp_path / "out"
    assert main(["train", str(recipe), "--data", str(toy_data), "--out", str(out), "--steps", "2"]) == 0
    assert ModelConfig.read(out / "model").name == NAME
    assert f"The trained model is in {out / 'model'}." in capsys.readouterr().err


def test_an_unknown_recipe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "nonsense", "--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "no recipe 'nonsense'. Give a TOML file, or one of: rsgpt, rsgpt-small" in capsys.readouterr().err


def test_a_wrong_recipe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.toml").write_text("steps = 3")
    assert main(["train", str(tmp_path / "a.toml"), "--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "cannot be used: 'model'" in capsys.readouterr().err


def test_missing_data(toy_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = write_recipe(tmp_path / "toy.toml", toy_folder, steps=1)
    assert main(["train", str(recipe), "--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert "captions.json is not a readable annotation file" in capsys.readouterr().err


def test_missing_scorers_are_reported_before_the_training(
    toy_folder: Path,
    toy_data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pycocoevalcap.bleu.bleu", None)
    fresh = tmp_path / "toy.toml"
    text = write_recipe(fresh, toy_folder, steps=1).read_text()
    fresh.write_text("\n".join(line for line in text.splitlines() if not line.startswith("start")))
    assert main(["train", str(fresh), "--data", str(toy_data), "--out", str(tmp_path / "out")]) == 1
    assert "pycocoevalcap is missing" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
