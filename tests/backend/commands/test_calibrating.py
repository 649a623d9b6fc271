"""A model that was just trained is asked about its validation data; only its scales and its odds of a yes change."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from rsgpt_backend.commands.calibrating import calibrate_trained
from rsgpt_backend.evaluate import scales
from rsgpt_backend.model.config import ModelConfig
from rsgpt_backend.train.recipe import Dataset


def test_a_trained_model_is_calibrated(
    toy_folder: Path, toy_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "model"
    shutil.copytree(toy_folder, model)
    monkeypatch.setattr(scales, "_FEWEST", 1)  # the toy's data set is small
    calibrate_trained(model, toy_data, [Dataset("images", "captions.json", "questions.json")])
    before, after = ModelConfig.read(toy_folder), ModelConfig.read(model)
    assert after.calibration != before.calibration
    assert replace(after, calibration=before.calibration, yes_odds=before.yes_odds) == before


def test_without_validation_data_nothing_is_asked(tmp_path: Path) -> None:
    calibrate_trained(tmp_path / "there is no such model", tmp_path, [])
