"""Measures how long QGIS's window does not react."""

from __future__ import annotations

import time

from qgis.PyQt.QtCore import QObject, Qt, QTimer

_PERIOD_MS = 50


class Gauge(QObject):
    """Measures the longest time between two ticks of a 50 ms timer, in milliseconds."""

    def __init__(self) -> None:
        super().__init__()
        self._last = 0.0
        self._longest = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        """Start a new measurement."""
        self._longest = 0.0
        self.forgive()
        self._timer.start(_PERIOD_MS)

    def forgive(self) -> None:
        """Ignore the time since the last tick: it was the tour's own work."""
        self._last = time.monotonic()

    def stop(self) -> float:
        """Stop and return the longest gap in milliseconds."""
        self._timer.stop()
        return self._longest

    def _tick(self) -> None:
        now = time.monotonic()
        self._longest = max(self._longest, 1000 * (now - self._last))
        self._last = now
