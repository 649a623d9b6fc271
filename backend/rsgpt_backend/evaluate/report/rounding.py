"""Rounding of scores to two decimals."""

from __future__ import annotations

from collections.abc import Iterable


def percent(share: float) -> float:
    """Return a share (0 to 1) in percent, rounded to two decimals."""
    return round(100 * float(share), 2)


def hundredths(values: Iterable[float]) -> list[float]:
    """Return the values, rounded to two decimals."""
    return [round(value, 2) for value in values]
