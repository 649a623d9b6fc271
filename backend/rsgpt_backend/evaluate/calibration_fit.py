"""Finds, from evaluations on validation data, what makes confidences true and a yes as likely as it is right.

It asks no model: answers are there already.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..engine.confidence import Scale, answer_form, calibrated, log_odds, sigmoid
from ..errors import UsageError
from ..model.config import ModelConfig
from .result import EvaluationResult

_FEWEST = 50  # answers of a form; with fewer it keeps its scale
_STEPS = 25
_FAR = 30.0  # log odds; a step may overshoot, and nothing is surer than that
_PULL = 1.0  # towards no change, as much as one answer


def calibrate(folder: Path, results: Sequence[EvaluationResult]) -> tuple[dict[str, Scale], float]:
    """Write the scales of a model's confidences, and what is added to the log odds of a yes, into its own file."""
    config = ModelConfig.read(folder)
    for result in results:
        if result.weights_sha256 != config.weights_sha256:
            raise UsageError(f"{result.benchmark} was evaluated with other weights. Evaluate this model first.")
    odds = yes_bias(results, config.calibration)
    scales = fitted((with_yes_bias(result, config.calibration, odds) for result in results), config.calibration)
    replace(config, calibration=scales, yes_odds=config.yes_odds + odds).write(folder)
    return scales, odds


def fitted(results: Iterable[EvaluationResult], present: Mapping[str, Scale]) -> dict[str, Scale]:
    """The scale of each form. A caption counts as right where it invents nothing.

    present: the scales with which the confidences were told; those found are for the model without them.
    """
    seen: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for result in results:
        for one in result.answers:
            text, right = _judged(one)
            seen[answer_form(text)].append((one["confidence"], right))
    scales = dict(present)
    for name, pairs in sorted(seen.items()):
        if len(pairs) >= _FEWEST:
            scales[name] = _after(present.get(name, (1.0, 0.0)), _fit(pairs))
    return scales


def yes_bias(results: Sequence[EvaluationResult], present: Mapping[str, Scale]) -> float:
    """What has to be added to the log odds of a yes, before their scale. Each result counts as much as any other."""
    odds, truths, weights = [], [], []
    for result in results:
        told = [one for one in result.answers if _is_yes_no(one)]
        odds += [_yes(one, present) for one in told]
        truths += [one["correct"] == _says_yes(one) for one in told]
        weights += [1 / len(told) for _ in told]
    if len(odds) < _FEWEST:
        return 0.0
    slope, offset = _logistic(odds, truths, np.array(weights) * len(odds) / sum(weights))
    return offset / slope if slope > 0 else 0.0  # log odds that tell less than nothing say nothing of a yes


def with_yes_bias(result: EvaluationResult, present: Mapping[str, Scale], odds: float) -> EvaluationResult:
    """The result as it would be told with `odds` added to the log odds of a yes; exact for answers of one word."""
    return replace(result, answers=[_leaned(one, present, odds) for one in result.answers])


def _leaned(answer: dict[str, Any], present: Mapping[str, Scale], odds: float) -> dict[str, Any]:
    if not _is_yes_no(answer):
        return answer
    shifted = _yes(answer, present) + odds
    given = "yes" if shifted > 0 else "no"
    correct = answer["correct"] == ((shifted > 0) == _says_yes(answer))
    confidence = calibrated(sigmoid(abs(shifted)), given, present)
    return {**answer, "given": given, "correct": correct, "confidence": confidence}


def _yes(answer: dict[str, Any], present: Mapping[str, Scale]) -> float:
    """Log odds of a yes before their scale."""
    slope, offset = present.get("yes_no", (1.0, 0.0))
    given = (log_odds(answer["confidence"]) - offset) / slope
    return given if _says_yes(answer) else -given


def _says_yes(answer: dict[str, Any]) -> bool:
    return str(answer["given"]).strip().lower().startswith("yes")


def _is_yes_no(answer: dict[str, Any]) -> bool:
    """Whether yes or no was asked for, and said: "no" is no number either, but not because a yes would be right."""
    return "given" in answer and answer_form(answer["given"]) == answer_form(answer["answer"]) == "yes_no"


def _judged(answer: dict[str, Any]) -> tuple[str, bool]:
    return (answer["given"], answer["correct"]) if "given" in answer else (answer["caption"], not answer["invented"])


def _fit(pairs: Sequence[tuple[float, bool]]) -> Scale:
    right = [one for _, one in pairs]
    return _logistic([log_odds(confidence) for confidence, _ in pairs], right, np.ones(len(pairs)))


def _logistic(odds: Sequence[float], truths: Sequence[bool], weights: np.ndarray) -> Scale:
    """Logistic regression of what is true on log odds, by Newton's method."""
    known = np.stack([np.array(odds), np.ones(len(odds))], axis=1)
    right = np.array(truths, dtype=float)
    start = scale = np.array([1.0, 0.0])
    for _ in range(_STEPS):
        told = 1 / (1 + np.exp(-np.clip(known @ scale, -_FAR, _FAR)))
        slope = known.T @ (weights * (told - right)) + _PULL * (scale - start)
        bend = (known * (weights * told * (1 - told))[:, None]).T @ known + _PULL * np.eye(2)
        scale = scale - np.linalg.solve(bend, slope)
    return float(scale[0]), float(scale[1])


def _after(first: Scale, then: Scale) -> Scale:
    """Both scales one after the other, as one."""
    return then[0] * first[0], then[0] * first[1] + then[1]
