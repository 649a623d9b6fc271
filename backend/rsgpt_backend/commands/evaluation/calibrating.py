"""Calibration of a newly trained model: ask it about its validation data and fit its confidences to the answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...data.annotations import CaptionRecord, QuestionRecord, read_captions, read_questions
from ...engine.engine import Engine
from ...engine.loading import load_engine
from ...evaluate import caption_metrics, question_accuracy
from ...evaluate.ask_all import AskOptions, spread
from ...evaluate.calibration_fit import calibrate
from ...evaluate.result import EvaluationResult
from ...train.examples.derived_questions import derived_questions
from ...train.recipe import RecipeDataset
from ..printing import note

_CAPTIONS = 210  # maximum per data set: the size of the smaller validation set of the shipped model
_PRESENCE = 150  # derived questions per data set, half of them with the answer yes


def calibrate_trained(folder: Path, data: Path, datasets: Sequence[RecipeDataset]) -> None:
    """Change the model's confidence scales and yes odds, and nothing else. Without validation data, do nothing."""
    if datasets:
        note("Calibrating the model with the recipe's validation data.")
        engine = load_engine(str(folder))
        calibrate(folder, [result for dataset in datasets for result in _validated(engine, data, dataset)])


def presence_questions(records: Sequence[CaptionRecord], limit: int) -> list[QuestionRecord]:
    """Return presence questions, half of them with the answer yes, evenly spread over pictures and wordings."""
    examples = [example for example in derived_questions(records) if example.kind == "presence"]
    groups = [[example for example in examples if example.answers == (answer,)] for answer in ("yes", "no")]
    chosen = [example for group in groups for example in spread(group, limit // 2)]
    return [
        QuestionRecord(item.filename, item.prompts[number % len(item.prompts)], item.answers[0], item.kind)
        for number, item in enumerate(chosen)
    ]


def _validated(engine: Engine, data: Path, dataset: RecipeDataset) -> Iterator[EvaluationResult]:
    """Evaluate the captions and questions of a data set, and presence questions derived from its captions."""
    images, annotations = data / dataset.images, data / dataset.captions
    scored = caption_metrics.evaluate(engine, images, annotations, AskOptions(_CAPTIONS))
    yield _result(engine, "captions", dataset, *scored)
    asked = read_questions(data / dataset.questions) if dataset.questions else []
    for questions in (asked, presence_questions(read_captions(annotations), _PRESENCE)):
        if questions:
            scored = question_accuracy.score_questions(engine, images, questions, AskOptions())
            yield _result(engine, "questions", dataset, *scored)


def _result(
    engine: Engine, kind: str, dataset: RecipeDataset, scores: dict[str, Any], answers: list[dict[str, Any]]
) -> EvaluationResult:
    return EvaluationResult(kind, dataset.captions, engine.name, engine.weights_sha256, dataset.images, scores, answers)
