"""A newly trained model is asked about its validation data; only its confidence scales and yes odds change."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from rsgpt_backend.commands.evaluation.calibrating import calibrate_trained, presence_questions
from rsgpt_backend.data.annotations import CaptionRecord, QuestionRecord
from rsgpt_backend.evaluate import calibration_fit
from rsgpt_backend.model.config import ModelConfig
from rsgpt_backend.train.examples.derived_questions import MIN_SCENE, derived_questions
from rsgpt_backend.train.recipe import RecipeDataset

TOWN = ("Many houses along a road.", "Houses and a road.", "Some houses with cars.")


def pictures(count: int, name: str, *sentences: str) -> list[CaptionRecord]:
    """Records of one scene with the same sentences."""
    return [CaptionRecord(f"{name}{number}.png", sentences, name) for number in range(count)]


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


def test_without_validation_data_nothing_is_asked(tmp_path: Path) -> None:
    calibrate_trained(tmp_path / "there is no such model", tmp_path, [])


def test_presence_questions_are_half_yes_and_half_no() -> None:
    records = [*pictures(MIN_SCENE, "town", *TOWN), *pictures(20, "sea", "A blue sea.", "The sea.")]
    found = presence_questions(records, 30)
    assert [one.answer for one in found] == ["yes"] * 15 + ["no"] * 15
    assert len({one.question for one in found}) > 10
    assert len({one.filename for one in found if one.answer == "yes"}) > 10
    true = {(one.filename, prompt, one.answers[0]) for one in derived_questions(records) for prompt in one.prompts}
    assert {(one.filename, one.question, one.answer) for one in found} <= true


def test_presence_questions_of_few_pictures_are_few() -> None:
    assert presence_questions(pictures(1, "town", *TOWN), 30) == [
        QuestionRecord("town0.png", "Are there any buildings?", "yes", "presence"),
        QuestionRecord("town0.png", "Are there any houses in this image?", "yes", "presence"),
        QuestionRecord("town0.png", "Is there any roads?", "yes", "presence"),
    ]
