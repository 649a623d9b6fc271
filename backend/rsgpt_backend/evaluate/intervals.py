"""Confidence intervals of means by bootstrap over pictures (Efron, 1979)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_DRAWS = 2000
_TAILS = (2.5, 97.5)


def interval(values: Sequence[float], pictures: Sequence[str]) -> tuple[float, float]:
    """Return the 95 % interval of the mean of `values`, in their unit; the result is deterministic.

    pictures: the picture of each value. Whole pictures are drawn, because answers about one picture are correlated.
    """
    names, group = np.unique(pictures, return_inverse=True)
    totals = np.bincount(group, weights=np.asarray(values, dtype=float))
    counts = np.bincount(group)
    rng = np.random.default_rng(0)
    means = np.empty(_DRAWS)
    for draw in range(_DRAWS):
        drawn = rng.integers(len(names), size=len(names))
        means[draw] = totals[drawn].sum() / counts[drawn].sum()
    low, high = np.percentile(means, _TAILS)
    return float(low), float(high)
