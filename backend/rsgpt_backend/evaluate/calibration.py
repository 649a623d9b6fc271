"""Whether a confidence means what it says: calibration error, and accuracy among the answers that are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .report.rounding import percent

BINS = 10
_COVERAGES = tuple(range(10, 101, 10))


def calibration(confidence: Sequence[float], correct: Sequence[bool]) -> dict[str, Any]:
    """Expected calibration error, its bins, and the risk-coverage curve; everything in percent.

    ECE (Guo et al., 2017): the gap of confidence and accuracy in bins of equal width, weighted by their answers.
    bins: [mean confidence, accuracy, answers] of each bin that has any. kept: [share of answers kept, those with
    the highest confidence; accuracy among them; the least confidence kept].
    """
    told, right = np.asarray(confidence, dtype=float), np.asarray(correct, dtype=float)
    place = np.minimum((told * BINS).astype(int), BINS - 1)
    bins = [
        (told[place == one].mean(), right[place == one].mean(), int((place == one).sum())) for one in np.unique(place)
    ]
    error = sum(abs(mean - accuracy) * count for mean, accuracy, count in bins) / len(told)
    return {
        "ece": percent(error),
        "bins": [[percent(mean), percent(accuracy), count] for mean, accuracy, count in bins],
        "kept": _kept(told, right),
    }


def _kept(told: np.ndarray, right: np.ndarray) -> list[list[float]]:
    order = np.argsort(-told, kind="stable")
    curve = []
    for coverage in _COVERAGES:
        kept = order[: max(1, round(len(order) * coverage / 100))]
        curve.append([coverage, percent(right[kept].mean()), percent(told[kept[-1]])])
    return curve
