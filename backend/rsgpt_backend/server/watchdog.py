"""Time that this process really ran, and whether the engine was silent for too much of it. It ends nothing itself."""

from __future__ import annotations

import time
from collections.abc import Callable

_LONGEST_TICK_S = 1.0


class ActiveTime:
    """Seconds during which the process ran, summed up tick by tick.

    A tick counts one second at most: while a machine sleeps, or the process is stopped, nothing in it could run.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = 0.0
        self._clock = clock
        self._last = clock()

    def tick(self) -> float:
        """Count the time since the last tick, and return the sum. To be called several times a second."""
        now = self._clock()
        self.seconds += min(max(now - self._last, 0.0), _LONGEST_TICK_S)
        self._last = now
        return self.seconds


class Watchdog:
    """Tells an engine that hangs from one that works or has nothing to do. limit_s: of active time without a beat."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._since = 0.0
        self._beat: int | None = None

    def is_stalled(self, active_s: float, beat: int | None) -> bool:
        """Whether the beat has stayed the same for too long. beat: counts signs of life, None for an idle engine."""
        if beat is None or beat != self._beat:
            self._beat, self._since = beat, active_s
        return active_s - self._since > self._limit_s
