"""`rsgpt models` lists what is installed and loads nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from rsgpt_backend.cli import main
from rsgpt_backend.model import registry
from rsgpt_backend.model.config import ModelConfig


@pytest.fixture
def shipped(toy_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The toy's config without its weights as the one shipped model; returns its hash."""
    (tmp_path / "weights" / "toy").mkdir(parents=True)
    shutil.copy(toy_folder / "model.json", tmp_path / "weights" / "toy")
    monkeypatch.setattr(registry, "_SHIPPED", tmp_path / "weights")
    return ModelConfig.read(toy_folder).weights_sha256


def test_json(shipped: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"name": "toy", "weights_sha256": shipped, "licence": "none"}


def test_text(shipped: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    assert capsys.readouterr().out == f"toy  {shipped[:12]}  licence: none\n"
