"""Measures how long the GUI thread is blocked: the gaps of a timer with a period of 50 ms."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from qgis.PyQt.QtCore import QEventLoop, Qt, QTimer

PERIOD_MS = 50


class Gaps:
    """The longest gap of each stage, in milliseconds. Used in the GUI thread only.

    busiest: the maximum CPU time of the GUI thread in one gap; a gap may be long because other threads compute.
    """

    def __init__(self) -> None:
        self.longest: dict[str, float] = {}
        self.busiest: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure a block, even if it never lets the timer fire."""
        last, worked = time.monotonic(), time.thread_time()
        longest = busiest = 0.0

        def tick() -> None:
            nonlocal last, worked, longest, busiest
            now, work = time.monotonic(), time.thread_time()
            longest, busiest = max(longest, now - last), max(busiest, work - worked)
            last, worked = now, work

        timer = QTimer()
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.timeout.connect(tick)
        timer.start(PERIOD_MS)
        try:
            yield
        finally:
            timer.stop()
            tick()
            self.longest[name] = 1000 * longest
            self.busiest[name] = 1000 * busiest


def run_until(is_done: Callable[[], object], seconds: float = 120.0) -> None:
    """Run the event loop until `is_done`. Raises AssertionError after `seconds`."""
    loop, ticker = QEventLoop(), QTimer()
    end = time.monotonic() + seconds
    ticker.timeout.connect(lambda: loop.quit() if is_done() or time.monotonic() > end else None)
    ticker.start(20)
    loop.exec()
    ticker.stop()
    if not is_done():
        raise AssertionError(f"not done after {seconds} s")


def run_for(seconds: float) -> None:
    """Run the event loop for a fixed time."""
    end = time.monotonic() + seconds
    run_until(lambda: time.monotonic() > end, seconds + 60)
