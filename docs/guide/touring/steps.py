"""Runs the stops of the tour one after another, on a timer, so that modal dialogs do not block it."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Optional

from qgis.PyQt.QtCore import QObject, Qt, QTimer

from .gauge import Gauge

_TICK_MS = 50
_GIVE_S = 0.02


@dataclass(frozen=True)
class Wait:
    """A condition that a stop yields. The stop continues when `holds`; after `seconds` the tour fails."""

    holds: Callable[[], bool]
    seconds: float
    goal: str
    since: float = field(default_factory=time.monotonic)

    @property
    def is_over(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() - self.since > self.seconds


Steps = Generator[Wait, None, None]
Found = Generator[Wait, None, Any]


@dataclass(frozen=True)
class Stop:
    """One stop of the tour."""

    name: str
    steps: Callable[[], Steps]


def until(holds: Callable[[], Any], goal: str, seconds: float = 10.0) -> Wait:
    """Return a wait until a condition is true. goal: for the error message."""
    return Wait(lambda: bool(holds()), seconds, goal)


def pause(seconds: float = 0.1) -> Wait:
    """Return a wait of a fixed time."""
    start = time.monotonic()
    return Wait(lambda: time.monotonic() - start >= seconds, 60 + seconds, "a pause to end")


class Tour(QObject):
    """Runs the stops in QGIS's event loop. The last stop ends QGIS; after the first failure, `failed` is called.

    Every Python error in the process counts as a failure, including errors in slots of the plugin.
    """

    def __init__(self, stops: Sequence[Stop], show: Callable[[str], None], failed: Callable[[], None]) -> None:
        """show: takes a screenshot with a name after a failed stop."""
        super().__init__()
        self._stops = list(stops)
        self._show, self._failed = show, failed
        self._steps: Optional[Steps] = None
        self._wait: Optional[Wait] = None
        self._error = ""
        self._start = 0.0
        self.gauge = Gauge()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        sys.excepthook = self._note_error

    def start(self) -> None:
        """Start the tour."""
        self._timer.start(_TICK_MS)

    def _tick(self) -> None:
        # A click that opens a nested event loop holds the GIL until the dialog closes: let other threads run.
        time.sleep(_GIVE_S)
        if self._error:
            self._fail(self._error)
        elif self._steps is None:
            self._begin()
        elif self._wait is None or self._wait.holds():
            self._advance(self._steps)
        elif self._wait.is_over:
            self._fail(f"timed out after {self._wait.seconds:g} s, waiting for {self._wait.goal}")

    def _begin(self) -> None:
        if not self._stops:
            self._timer.stop()
            return
        self._start = time.monotonic()
        self._steps = self._stops[0].steps()
        self.gauge.start()

    def _advance(self, steps: Steps) -> None:
        self._wait = None
        try:
            self._wait = next(steps)
        except StopIteration:
            self._report("passed")
            self._steps = None
            self._stops.pop(0)
        except Exception as error:  # report any error with its traceback
            self._error = "".join(traceback.format_exception(type(error), error, error.__traceback__))

    def _report(self, outcome: str) -> None:
        seconds, gap = time.monotonic() - self._start, self.gauge.stop()
        sys.stdout.write(f"{self._stops[0].name:<24} {outcome}, {seconds:5.1f} s, longest gap {gap:4.0f} ms\n")
        sys.stdout.flush()

    def _fail(self, reason: str) -> None:
        self._timer.stop()
        self._report("FAILED")
        sys.stdout.write(f"    {reason}\n")
        self._show(f"failed-{self._stops[0].name}")
        sys.stdout.flush()
        self._failed()

    def _note_error(self, kind: type[BaseException], error: BaseException, trace: Optional[TracebackType]) -> None:
        self._error = self._error or "".join(traceback.format_exception(kind, error, trace))
