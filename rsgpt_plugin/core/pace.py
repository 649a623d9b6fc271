"""Rate of progress and time left."""

from __future__ import annotations

from collections import deque

WINDOW_S = 60.0
_MIN_S = 2.0


class ProgressRate:
    """Measures over the last minute, because items from the cache pass at once and say nothing about the others."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()

    def mark(self, now: float, done: int) -> None:
        """Record that `done` items are complete at `now`, in seconds of a monotonic clock."""
        self._marks.append((now, done))
        while len(self._marks) > 2 and self._marks[1][0] <= now - WINDOW_S:
            self._marks.popleft()

    def rate(self) -> float:
        """Return the items per second; 0 if not known yet."""
        if not self._marks:
            return 0.0
        (begin, before), (end, done) = self._marks[0], self._marks[-1]
        return (done - before) / (end - begin) if end - begin >= _MIN_S else 0.0

    def seconds_left(self, total: int) -> float:
        """Return the seconds left until `total` items are complete; infinity if not known yet."""
        rate = self.rate()
        left = max(0, total - self._marks[-1][1]) if self._marks else total
        return left / rate if rate else float("inf")
