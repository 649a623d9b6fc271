"""Estimate of when a rejected client should try again."""

from __future__ import annotations

import math

_NEWEST_WEIGHT = 0.3  # of the newest batch, compared with all earlier ones
_MIN_S, _MAX_S = 1, 60
_UNKNOWN_S = 5  # before the first answer, for example while the model is loading


class AnswerRate:
    """Moving average over batches of the seconds per answer."""

    def __init__(self) -> None:
        self._seconds: float | None = None

    def add(self, seconds: float, answers: int) -> None:
        """Record that a batch of `answers` answers took `seconds`."""
        newest = seconds / answers
        self._seconds = newest if self._seconds is None else self._seconds + _NEWEST_WEIGHT * (newest - self._seconds)

    def retry_after_s(self, queued: int) -> int:
        """Return the whole seconds, 1 to 60, in which about half of the queue is answered."""
        if self._seconds is None:
            return _UNKNOWN_S
        return min(max(math.ceil(self._seconds * queued / 2), _MIN_S), _MAX_S)
