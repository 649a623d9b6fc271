"""Measures of confidences: the expected calibration error and the accuracy of the most confident answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .report.rounding import percent

BINS = 10
_COVERAGES = tuple(range(10, 101, 10))


def calibration(confidence: Sequence[float], correct: Sequence[bool]) -> dict[str, Any]:
    """Return the expected calibration error, its bins, and the risk-coverage curve, in percent.

    ece (Guo et al., 2017): difference between confidence and accuracy in bins of equal width, weighted by the number
    of answers. bins: [mean confidence, accuracy, number of answers] of each bin that is not empty. kept: [share of
    answers kept (the most confident ones), accuracy among them, minimum confidence among them].
    """
    confidences, right = np.asarray(confidence, dtype=float), np.asarray(correct, dtype=float)
    indexes = np.minimum((confidences * BINS).astype(int), BINS - 1)
    members = [indexes == index for index in np.unique(indexes)]
    bins = [(confidences[member].mean(), right[member].mean(), int(member.sum())) for member in members]
    error = sum(abs(mean - accuracy) * count for mean, accuracy, count in bins) / len(confidences)
    return {
        "ece": percent(error),
        "bins": [[percent(mean), percent(accuracy), count] for mean, accuracy, count in bins],
        "kept": _kept(confidences, right),
    }


def _kept(confidences: np.ndarray, right: np.ndarray) -> list[list[float]]:
    order = np.argsort(-confidences, kind="stable")
    curve = []
    for coverage in _COVERAGES:
        kept = order[: max(1, round(len(order) * coverage / 100))]
        curve.append([coverage, percent(right[kept].mean()), percent(confidences[kept[-1]])])
    return curve
