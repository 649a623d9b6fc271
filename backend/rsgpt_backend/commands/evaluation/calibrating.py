"""Calibration of a newly trained model: ask it about its validation data and fit its confidences to the answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...engine.engine import Engine
from ...engine.loading import load_engine
from ...evaluate import caption_metrics, question_accuracy
from ...evaluate.ask_all import AskOptions
from ...evaluate.calibration_fit import calibrate
from ...evaluate.result import EvaluationResult
from ...train.examples.samples import read_samples
from ...train.recipe import RecipeDataset
from ..printing import note
from .validation_questions import validation_questions

_CAPTIONS = 210  # maximum per data set: the size of the smaller validation set of the shipped model
_QUESTIONS = 100  # maximum per data set and kind


def calibrate_trained(folder: Path, data: Path, datasets: Sequence[RecipeDataset]) -> None:
    """Change the model's confidence scales and yes odds, and nothing else. Without validation data, do nothing."""
    if datasets:
        note("Calibrating the model with the recipe's validation data.")
        engine = load_engine(str(folder))
        calibrate(folder, [result for dataset in datasets for result in _validated(engine, data, dataset)])


def _validated(engine: Engine, data: Path, dataset: RecipeDataset) -> Iterator[EvaluationResult]:
    """Evaluate the captions of a data set, and questions from all its files."""
    images, options = data / dataset.images, AskOptions(_CAPTIONS)
    if dataset.captions:
        scored = caption_metrics.evaluate(engine, images, data / dataset.captions, options)
        yield _result(engine, "captions", dataset, *scored)
    samples = read_samples(data, dataset, 0, engine.model.config.vision.image_size)
    questions = validation_questions(samples, _QUESTIONS)
    if questions:
        scored = question_accuracy.score_questions(engine, images, questions, AskOptions())
        yield _result(engine, "questions", dataset, *scored)


def _result(
    engine: Engine, kind: str, dataset: RecipeDataset, scores: dict[str, Any], answers: list[dict[str, Any]]
) -> EvaluationResult:
    name = dataset.captions or dataset.objects
    return EvaluationResult(kind, name, engine.name, engine.weights_sha256, dataset.images, scores, answers)
