"""How far a mean may be off by chance: bootstrap intervals over pictures (Efron, 1979). It knows no metric."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_DRAWS = 2000
_TAILS = (2.5, 97.5)


def interval(values: Sequence[float], pictures: Sequence[str]) -> tuple[float, float]:
    """The 95 % interval of the mean of `values`, in their unit; the same at each call.

    pictures: what each value is about. Whole pictures are drawn: answers about one are right or wrong together.
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
