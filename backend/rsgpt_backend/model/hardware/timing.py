"""Timing of matrix products on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable

from torch import Tensor

_REPETITIONS = 8


def seconds(product: Callable[..., Tensor], *factors: Tensor) -> float:
    """Return the shortest duration of several calls; the first call includes preparation."""
    durations = []
    for _ in range(_REPETITIONS):
        started = time.perf_counter()
        product(*factors)
        durations.append(time.perf_counter() - started)
    return min(durations)
