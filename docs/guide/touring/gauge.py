"""Measures how long QGIS's window does not react. Knows nobody who is to blame."""

from __future__ import annotations

import time

from qgis.PyQt.QtCore import QObject, Qt, QTimer

_PERIOD_MS = 50


class Gauge(QObject):
    """A timer of 50 ms; the longest time between two of its beats, in milliseconds."""

    def __init__(self) -> None:
        super().__init__()
        self._last = 0.0
        self._longest = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        """Measure anew."""
        self._longest = 0.0
        self.forgive()
        self._timer.start(_PERIOD_MS)

    def forgive(self) -> None:
        """Count from now: what was done since the last beat was the tour's own work."""
        self._last = time.monotonic()

    def stop(self) -> float:
        """Return the longest gap."""
        self._timer.stop()
        return self._longest

    def _beat(self) -> None:
        now = time.monotonic()
        self._longest = max(self._longest, 1000 * (now - self._last))
        self._last = now
