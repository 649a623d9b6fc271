"""Calibration of a model from finished evaluations on validation data: confidence scales and a yes bias."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..engine.confidence import Scale, answer_form, calibrated, log_odds, scale_of, sigmoid
from ..errors import UsageError
from ..model.config import ModelConfig
from .result import EvaluationResult

_KINDS = ("captions", "questions")
_MIN_ANSWERS = 50  # per answer form; with fewer answers its scale stays unchanged
_STEPS = 25  # of Newton's method
_HALVINGS = 20  # of a step that makes the fit worse
_MAX_LOG_ODDS = 30.0  # beyond it, the exponential overflows
_REGULARIZATION = 1.0  # toward no change, with the weight of one answer


def calibrate(folder: Path, results: Sequence[EvaluationResult]) -> tuple[dict[str, Scale], float]:
    """Fit confidence scales and the yes bias, write them to the model's model.json, and return both.

    Raises UsageError if a result comes from other weights.
    """
    config = ModelConfig.read(folder)
    for result in results:
        if result.kind not in _KINDS:
            raise UsageError(
                f"{result.benchmark} has no answers to calibrate with. Give results of captions or questions."
            )
        if result.weights_sha256 != config.weights_sha256:
            raise UsageError(f"{result.benchmark} was evaluated with other weights. Evaluate this model first.")
    odds = yes_bias(results, config.calibration)
    scales = fit_scales((with_yes_bias(result, config.calibration, odds) for result in results), config.calibration)
    replace(config, calibration=scales, yes_odds=config.yes_odds + odds).write(folder)
    return scales, odds


def fit_scales(results: Iterable[EvaluationResult], present: Mapping[str, Scale]) -> dict[str, Scale]:
    """Return the scale of each answer form. A caption counts as correct if it invents no object.

    results: an answer without the key `form` has the form of its text;
    present: the scales that the confidences already contain; the returned scales replace them.
    """
    groups: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for result in results:
        for answer in result.answers:
            text, correct = _judged(answer)
            groups[answer.get("form") or answer_form(text)].append((answer["confidence"], correct))
    scales = dict(present)
    for name, pairs in sorted(groups.items()):
        if len(pairs) >= _MIN_ANSWERS:
            scales[name] = _after(scale_of(name, present), _fit(pairs))
    return scales


def yes_bias(results: Sequence[EvaluationResult], present: Mapping[str, Scale]) -> float:
    """Return the bias to add to the unscaled log odds of a yes. All results have the same weight."""
    odds, truths, weights = [], [], []
    for result in results:
        answers = [answer for answer in result.answers if _is_yes_no(answer)]
        odds += [_yes_log_odds(answer, present) for answer in answers]
        truths += [answer["correct"] == _says_yes(answer) for answer in answers]
        weights += [1 / len(answers) for _ in answers]
    if len(odds) < _MIN_ANSWERS:
        return 0.0
    slope, offset = _logistic(odds, truths, np.array(weights) * len(odds) / sum(weights))
    return offset / slope if slope > 0 else 0.0  # with a negative slope the log odds are useless


def with_yes_bias(result: EvaluationResult, present: Mapping[str, Scale], odds: float) -> EvaluationResult:
    """Return the result as it would be with `odds` added to the log odds of a yes; exact for one-word answers."""
    return replace(result, answers=[_biased(answer, present, odds) for answer in result.answers])


def _biased(answer: dict[str, Any], present: Mapping[str, Scale], odds: float) -> dict[str, Any]:
    if not _is_yes_no(answer):
        return answer
    shifted = _yes_log_odds(answer, present) + odds
    given = "yes" if shifted > 0 else "no"
    correct = answer["correct"] == ((shifted > 0) == _says_yes(answer))
    confidence = calibrated(sigmoid(abs(shifted)), given, present)
    return {**answer, "given": given, "correct": correct, "confidence": confidence}


def _yes_log_odds(answer: dict[str, Any], present: Mapping[str, Scale]) -> float:
    """Return the unscaled log odds of a yes."""
    slope, offset = present.get("yes_no", (1.0, 0.0))
    odds = (log_odds(answer["confidence"]) - offset) / slope
    return odds if _says_yes(answer) else -odds


def _says_yes(answer: dict[str, Any]) -> bool:
    return str(answer["given"]).strip().lower().startswith("yes")


def _is_yes_no(answer: dict[str, Any]) -> bool:
    """Whether the language model answered yes or no where that is asked; "no" can also answer a counting question."""
    if answer.get("form", "yes_no") != "yes_no":
        return False
    return "given" in answer and answer_form(answer["given"]) == answer_form(answer["answer"]) == "yes_no"


def _judged(answer: dict[str, Any]) -> tuple[str, bool]:
    return (answer["given"], answer["correct"]) if "given" in answer else (answer["caption"], not answer["invented"])


def _fit(pairs: Sequence[tuple[float, bool]]) -> Scale:
    right = [correct for _, correct in pairs]
    return _logistic([log_odds(confidence) for confidence, _ in pairs], right, np.ones(len(pairs)))


def _logistic(odds: Sequence[float], truths: Sequence[bool], weights: np.ndarray) -> Scale:
    """Fit a logistic regression of `truths` on log odds with Newton's method; steps that overshoot are halved."""
    inputs = np.stack([np.array(odds), np.ones(len(odds))], axis=1)
    right = np.array(truths, dtype=float)
    start = scale = np.array([1.0, 0.0])

    def loss(candidate: np.ndarray) -> float:
        outputs = inputs @ candidate
        errors = weights @ (np.logaddexp(0, outputs) - right * outputs)
        return float(errors + _REGULARIZATION * ((candidate - start) ** 2).sum() / 2)

    for _ in range(_STEPS):
        predicted = 1 / (1 + np.exp(-np.clip(inputs @ scale, -_MAX_LOG_ODDS, _MAX_LOG_ODDS)))
        gradient = inputs.T @ (weights * (predicted - right)) + _REGULARIZATION * (scale - start)
        curvature = (weights * predicted * (1 - predicted))[:, None]
        hessian = (inputs * curvature).T @ inputs + _REGULARIZATION * np.eye(2)
        step, present = np.linalg.solve(hessian, gradient), loss(scale)
        candidates = (scale - step / 2**halvings for halvings in range(_HALVINGS))
        scale = next((candidate for candidate in candidates if loss(candidate) <= present), scale)
    return float(scale[0]), float(scale[1])


def _after(first: Scale, then: Scale) -> Scale:
    """Return both scales, applied one after the other, as one scale."""
    return then[0] * first[0], then[0] * first[1] + then[1]
