"""`rsgpt evaluate retrieval` prints recalls, and needs a model with a matching head."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from rsgpt_backend.cli import main
from rsgpt_backend.model.weights import save_model
from tests.backend.toy import make_config, make_model


def test_retrieval(toy_folder: Path, toy_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tmp_path / "toy"
    save_model(make_model(replace(make_config(toy_folder / "language"), matching_width=8)), model)
    given = ["evaluate", "retrieval", "--images", str(toy_data / "images"), "--model", str(model)]
    given += ["--annotations", str(toy_data / "captions.json"), "--limit", "4"]
    assert main([*given, "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert (scores["images"], scores["sentences"]) == (4, 12)
    assert 0 <= scores["mean recall"] <= scores["mean recall, equal sentences"] <= 100
    assert main(given) == 0
    assert re.search(r"sentence to picture R@1  [\d.]+  \([\d.]+ to [\d.]+\)\n", capsys.readouterr().out)


def test_retrieval_needs_vectors(toy_folder: Path, toy_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--images", str(toy_data / "images"), "--annotations", str(toy_data / "captions.json")]
    assert main(["evaluate", "retrieval", *given, "--model", str(toy_folder)]) == 1
    assert "toy has no vectors" in capsys.readouterr().err
