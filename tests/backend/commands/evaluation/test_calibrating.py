"""A newly trained model is asked about its validation data; only its confidence scales and yes odds change."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from rsgpt_backend.commands.evaluation.calibrating import calibrate_trained
from rsgpt_backend.evaluate import calibration_fit
from rsgpt_backend.model.config import ModelConfig
from rsgpt_backend.train.recipe import RecipeDataset


def test_a_trained_model_is_calibrated(
    toy_folder: Path, toy_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "model"
    shutil.copytree(toy_folder, model)
    monkeypatch.setattr(calibration_fit, "_MIN_ANSWERS", 1)  # the toy's data set is small
    calibrate_trained(model, toy_data, [RecipeDataset("images", "captions.json", "questions.json")])
    before, after = ModelConfig.read(toy_folder), ModelConfig.read(model)
    assert after.calibration != before.calibration
    assert replace(after, calibration=before.calibration, yes_odds=before.yes_odds) == before


def test_a_data_set_of_objects_alone_calibrates(
    toy_folder: Path, toy_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "model"
    shutil.copytree(toy_folder, model)
    monkeypatch.setattr(calibration_fit, "_MIN_ANSWERS", 1)
    rows = [
        {"filename": f"{number}.png", "width": 32, "height": 32, "objects": [], "labels": {"tree": number % 2 == 0}}
        for number in range(8)
    ]
    (tmp_path / "objects.json").write_text(json.dumps({"annotations": rows}))
    dataset = RecipeDataset(str(toy_data / "images"), objects=str(tmp_path / "objects.json"))
    calibrate_trained(model, toy_data, [dataset])
    assert set(ModelConfig.read(model).calibration) - set(ModelConfig.read(toy_folder).calibration)


def test_without_validation_data_nothing_is_asked(tmp_path: Path) -> None:
    calibrate_trained(tmp_path / "there is no such model", tmp_path, [])
