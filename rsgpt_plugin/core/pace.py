"""How fast something goes, and how long the rest of it will take. Knows no clock of its own and no language."""

from __future__ import annotations

from collections import deque

WINDOW_S = 60.0
_LEAST_S = 2.0


class ProgressRate:
    """Measures over the last minute: what is remembered goes by at once and says nothing about what is asked."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()

    def mark(self, now: float, done: int) -> None:
        """Note that `done` were done at `now`, in seconds of a clock that never goes back."""
        self._marks.append((now, done))
        while len(self._marks) > 2 and self._marks[1][0] <= now - WINDOW_S:
            self._marks.popleft()

    def rate(self) -> float:
        """Return how many a second; 0 where that is not known yet."""
        if not self._marks:
            return 0.0
        (begin, before), (end, done) = self._marks[0], self._marks[-1]
        return (done - before) / (end - begin) if end - begin >= _LEAST_S else 0.0

    def seconds_left(self, total: int) -> float:
        """Return how long the rest of `total` takes at this rate; infinity where that is not known yet."""
        rate = self.rate()
        left = max(0, total - self._marks[-1][1]) if self._marks else total
        return left / rate if rate else float("inf")
