"""Calibrates a model by what it says of validation data, asking it first or not. Nothing else is changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..confidence import Scale
from ..data.annotations import read_captions, read_questions
from ..engine import Engine
from ..errors import UsageError
from ..evaluate import captions, questions
from ..evaluate.ask_all import Manner
from ..evaluate.result import Result
from ..evaluate.scales import fitted, leaned, leaning
from ..model.config import ModelConfig
from ..train.questions import presence_questions
from ..train.recipe import Dataset
from .output import note

_CAPTIONS = 210  # of a data set at most: as many as the smaller one of the shipped model's has
_PRESENCE = 150  # questions derived from a data set, half of them to be answered with a yes


def calibrate(folder: Path, results: Sequence[Result]) -> tuple[dict[str, Scale], float]:
    """Write the scales of a model's confidences, and what is added to the log odds of a yes, into its own file."""
    config = ModelConfig.read(folder)
    for result in results:
        if result.weights_sha256 != config.weights_sha256:
            raise UsageError(f"{result.benchmark} was evaluated with other weights. Evaluate this model first.")
    odds = leaning(results, config.calibration)
    scales = fitted((leaned(result, config.calibration, odds) for result in results), config.calibration)
    replace(config, calibration=scales, yes_odds=config.yes_odds + odds).write(folder)
    return scales, odds


def calibrate_trained(folder: Path, data: Path, datasets: Sequence[Dataset]) -> None:
    """Ask a model that was just trained about its validation data, and calibrate it by the answers."""
    if datasets:
        note("Calibrating it by the recipe's validation data.")
        engine = Engine.load(str(folder))
        calibrate(folder, [result for dataset in datasets for result in _validated(engine, data, dataset)])


def _validated(engine: Engine, data: Path, dataset: Dataset) -> Iterator[Result]:
    """Its captions, its questions, and questions of presence that are derived from its captions."""
    images = data / dataset.images
    found = captions.evaluate(engine, images, data / dataset.captions, Manner(_CAPTIONS))
    yield _result(engine, "captions", dataset, *found)
    asked = read_questions(data / dataset.questions) if dataset.questions else []
    for some in (asked, presence_questions(read_captions(data / dataset.captions), _PRESENCE)):
        if some:
            yield _result(engine, "questions", dataset, *questions.scored(engine, images, some, Manner()))


def _result(
    engine: Engine, kind: str, dataset: Dataset, scores: dict[str, Any], answers: list[dict[str, Any]]
) -> Result:
    return Result(kind, dataset.captions, engine.name, engine.weights_sha256, dataset.images, scores, answers)
