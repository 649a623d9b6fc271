"""Confidence intervals of means by bootstrap over pictures (Efron, 1979)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

_DRAWS = 2000
_TAILS = (2.5, 97.5)


def interval(values: Sequence[float], pictures: Sequence[str]) -> tuple[float, float]:
    """Return the 95 % interval of the mean of `values`, in their unit; the result is deterministic.

    pictures: the picture of each value. Whole pictures are drawn, because answers about one picture are correlated.
    """
    _, group = np.unique(pictures, return_inverse=True)
    totals = np.bincount(group, weights=np.asarray(values, dtype=float))
    return ratio_interval(totals, np.bincount(group))


def ratio_interval(totals: ArrayLike, counts: ArrayLike) -> tuple[float, float]:
    """Return the 95 % interval of the sum of `totals` divided by the sum of `counts`, both per picture.

    Draws whose counts are all 0 are left out; (0, 0) is returned if all are. The result is deterministic.
    """
    tops, bottoms = np.asarray(totals), np.asarray(counts)
    rng = np.random.default_rng(0)
    ratios = []
    for _ in range(_DRAWS):
        drawn = rng.integers(len(tops), size=len(tops))
        bottom = bottoms[drawn].sum()
        if bottom:
            ratios.append(tops[drawn].sum() / bottom)
    low, high = np.percentile(ratios, _TAILS) if ratios else (0.0, 0.0)
    return float(low), float(high)
