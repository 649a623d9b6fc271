"""How sure an answer has to be to be told, as the user last set it. Judges no answer."""

from __future__ import annotations

from qgis.core import QgsSettings

_KEY = "rsgpt/least_confidence"


def least_confidence() -> float:
    """Return it, 0 to 1; 0 where every answer is told."""
    return min(1.0, max(0.0, float(QgsSettings().value(_KEY, 0.0, type=float))))


def set_least_confidence(value: float) -> None:
    """Keep it, 0 to 1, for all later questions."""
    QgsSettings().setValue(_KEY, value)
