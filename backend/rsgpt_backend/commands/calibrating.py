"""Asks a model that was just trained about its validation data, and calibrates it by the answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..data.annotations import CaptionRecord, QuestionRecord, read_captions, read_questions
from ..engine.engine import Engine
from ..engine.loading import load_engine
from ..evaluate import caption_metrics, question_accuracy
from ..evaluate.ask_all import AskOptions, spread
from ..evaluate.calibration_fit import calibrate
from ..evaluate.result import EvaluationResult
from ..train.examples.derived_questions import derived_questions
from ..train.recipe import RecipeDataset
from .printing import note

_CAPTIONS = 210  # of a data set at most: as many as the smaller one of the shipped model's has
_PRESENCE = 150  # questions derived from a data set, half of them to be answered with a yes


def calibrate_trained(folder: Path, data: Path, datasets: Sequence[RecipeDataset]) -> None:
    """Only the scales of its confidences and its odds of a yes are changed; without data, nothing."""
    if datasets:
        note("Calibrating it by the recipe's validation data.")
        engine = load_engine(str(folder))
        calibrate(folder, [result for dataset in datasets for result in _validated(engine, data, dataset)])


def presence_questions(records: Sequence[CaptionRecord], most: int) -> list[QuestionRecord]:
    """As many to be answered with a yes as with a no, evenly spread over pictures and wordings."""
    found = [example for example in derived_questions(records) if example.kind == "presence"]
    told = [[one for one in found if one.answers == (answer,)] for answer in ("yes", "no")]
    chosen = [one for some in told for one in spread(some, most // 2)]
    return [
        QuestionRecord(one.filename, one.prompts[number % len(one.prompts)], one.answers[0], one.kind)
        for number, one in enumerate(chosen)
    ]


def _validated(engine: Engine, data: Path, dataset: RecipeDataset) -> Iterator[EvaluationResult]:
    """Its captions, its questions, and questions of presence that are derived from its captions."""
    images, annotations = data / dataset.images, data / dataset.captions
    found = caption_metrics.evaluate(engine, images, annotations, AskOptions(_CAPTIONS))
    yield _result(engine, "captions", dataset, *found)
    asked = read_questions(data / dataset.questions) if dataset.questions else []
    for some in (asked, presence_questions(read_captions(annotations), _PRESENCE)):
        if some:
            yield _result(engine, "questions", dataset, *question_accuracy.scored(engine, images, some, AskOptions()))


def _result(
    engine: Engine, kind: str, dataset: RecipeDataset, scores: dict[str, Any], answers: list[dict[str, Any]]
) -> EvaluationResult:
    return EvaluationResult(kind, dataset.captions, engine.name, engine.weights_sha256, dataset.images, scores, answers)
