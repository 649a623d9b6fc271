"""How fast answers come, to tell a client that is turned away when to come back. It knows no clock."""

from __future__ import annotations

import math

_NEWEST = 0.3  # weight of the newest batch against all earlier ones
_SHORTEST_S, _LONGEST_S = 1, 60
_UNKNOWN_S = 5  # before the first answer, as while the model is loaded


class AnswerRate:
    """Seconds per answer, a moving average over batches."""

    def __init__(self) -> None:
        self._seconds: float | None = None

    def add(self, seconds: float, answers: int) -> None:
        """Note that a batch of so many answers took so long."""
        each = seconds / answers
        self._seconds = each if self._seconds is None else self._seconds + _NEWEST * (each - self._seconds)

    def retry_after_s(self, queued: int) -> int:
        """Whole seconds, 1 to 60, after which about half of the queue is answered, so that there is room again."""
        if self._seconds is None:
            return _UNKNOWN_S
        return min(max(math.ceil(self._seconds * queued / 2), _SHORTEST_S), _LONGEST_S)
