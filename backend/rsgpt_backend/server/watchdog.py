"""Active time of this process, and a watchdog that detects a stalled engine."""

from __future__ import annotations

import time
from collections.abc import Callable

_MAX_TICK_S = 1.0


class ActiveTime:
    """Seconds during which the process ran, added up tick by tick.

    A tick counts at most one second, because nothing runs while the machine is asleep or the process is stopped.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = 0.0
        self._clock = clock
        self._last = clock()

    def tick(self) -> float:
        """Add the time since the last tick and return the total. Call this several times per second."""
        now = self._clock()
        self.seconds += min(max(now - self._last, 0.0), _MAX_TICK_S)
        self._last = now
        return self.seconds


class Watchdog:
    """Detects an engine that has stalled. limit_s: maximum active seconds without a heartbeat."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._changed_at_s = 0.0
        self._heartbeat: int | None = None

    def is_stalled(self, active_s: float, heartbeat: int | None) -> bool:
        """Return whether the heartbeat count has not changed for too long. heartbeat: None if the engine is idle."""
        if heartbeat is None or heartbeat != self._heartbeat:
            self._heartbeat, self._changed_at_s = heartbeat, active_s
        return active_s - self._changed_at_s > self._limit_s
