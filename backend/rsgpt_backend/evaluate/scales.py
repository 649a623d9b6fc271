"""Find the scales that make confidences mean what they say, from evaluations on validation data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..confidence import Scale, form, log_odds
from .result import Result

_FEWEST = 50  # answers of a form; with fewer it keeps its scale
_STEPS = 25
_PULL = 1.0  # towards no change, as much as one answer


def fitted(results: Iterable[Result], present: Mapping[str, Scale]) -> dict[str, Scale]:
    """The scale of each form. A caption counts as right where it invents nothing.

    present: the scales with which the confidences were told; those found are for the model without them.
    """
    seen: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for result in results:
        for one in result.answers:
            text, right = _judged(one)
            seen[form(text)].append((one["confidence"], right))
    scales = dict(present)
    for name, pairs in sorted(seen.items()):
        if len(pairs) >= _FEWEST:
            scales[name] = _after(present.get(name, (1.0, 0.0)), _fit(pairs))
    return scales


def _judged(answer: dict[str, Any]) -> tuple[str, bool]:
    return (answer["given"], answer["correct"]) if "given" in answer else (answer["caption"], not answer["invented"])


def _fit(pairs: Sequence[tuple[float, bool]]) -> Scale:
    """Logistic regression of right or wrong on the log odds, by Newton's method."""
    odds = np.array([[log_odds(confidence), 1.0] for confidence, _ in pairs])
    right = np.array([float(one) for _, one in pairs])
    start = scale = np.array([1.0, 0.0])
    for _ in range(_STEPS):
        told = 1 / (1 + np.exp(-odds @ scale))
        slope = odds.T @ (told - right) + _PULL * (scale - start)
        bend = (odds * (told * (1 - told))[:, None]).T @ odds + _PULL * np.eye(2)
        scale = scale - np.linalg.solve(bend, slope)
    return float(scale[0]), float(scale[1])


def _after(first: Scale, then: Scale) -> Scale:
    """Both scales one after the other, as one."""
    return then[0] * first[0], then[0] * first[1] + then[1]
