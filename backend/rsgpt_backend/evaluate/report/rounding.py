"""Figures as reports hold them: two decimals."""

from __future__ import annotations

from collections.abc import Iterable


def percent(share: float) -> float:
    """A share of one in percent."""
    return round(100 * float(share), 2)


def hundredths(values: Iterable[float]) -> list[float]:
    """Each to two decimals."""
    return [round(value, 2) for value in values]
