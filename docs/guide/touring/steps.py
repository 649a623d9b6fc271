"""Takes the tour's stops one after the other, on a timer: nothing that a stop opens can hold it up. Knows no widget."""

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
    """What a stop yields: go on when `holds`; the tour has failed where that takes longer than `seconds`."""

    holds: Callable[[], bool]
    seconds: float
    what: str
    since: float = field(default_factory=time.monotonic)

    @property
    def is_over(self) -> bool:
        """Whether nobody waits any longer."""
        return time.monotonic() - self.since > self.seconds


Steps = Generator[Wait, None, None]
Found = Generator[Wait, None, Any]


@dataclass(frozen=True)
class Stop:
    """One stop of the tour."""

    name: str
    steps: Callable[[], Steps]


def until(holds: Callable[[], Any], what: str, seconds: float = 10.0) -> Wait:
    """Wait until something is true."""
    return Wait(lambda: bool(holds()), seconds, what)


def pause(seconds: float = 0.1) -> Wait:
    """Wait a moment, as a person does."""
    begun = time.monotonic()
    return Wait(lambda: time.monotonic() - begun >= seconds, 60 + seconds, "a moment to pass")


class Tour(QObject):
    """Runs the stops in QGIS's event loop, the last of which ends QGIS; at the first that fails, `failed` is called.

    Every Python error in the process counts as a failure, also one in a slot of the plugin's.
    """

    def __init__(self, stops: Sequence[Stop], show: Callable[[str], None], failed: Callable[[], None]) -> None:
        """show: takes a picture of the screen, for a stop that failed."""
        super().__init__()
        self._stops = list(stops)
        self._show, self._failed = show, failed
        self._steps: Optional[Steps] = None
        self._wait: Optional[Wait] = None
        self._error = ""
        self._begun = 0.0
        self.gauge = Gauge()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        sys.excepthook = self._note_error

    def start(self) -> None:
        """Set off."""
        self._timer.start(_TICK_MS)

    def _tick(self) -> None:
        # A click that opens a dialog of its own loop holds Python's lock until that closes: let other threads work.
        time.sleep(_GIVE_S)
        if self._error:
            self._fail(self._error)
        elif self._steps is None:
            self._begin()
        elif self._wait is None or self._wait.holds():
            self._go_on(self._steps)
        elif self._wait.is_over:
            self._fail(f"waited {self._wait.seconds:g} s in vain for {self._wait.what}")

    def _begin(self) -> None:
        if not self._stops:
            self._timer.stop()
            return
        self._begun = time.monotonic()
        self._steps = self._stops[0].steps()
        self.gauge.start()

    def _go_on(self, steps: Steps) -> None:
        self._wait = None
        try:
            self._wait = next(steps)
        except StopIteration:
            self._say("passed")
            self._steps = None
            self._stops.pop(0)
        except Exception as error:  # whatever it is, the tour says where it happened
            self._error = "".join(traceback.format_exception(type(error), error, error.__traceback__))

    def _say(self, how: str) -> None:
        seconds, gap = time.monotonic() - self._begun, self.gauge.stop()
        sys.stdout.write(f"{self._stops[0].name:<24} {how}, {seconds:5.1f} s, longest gap {gap:4.0f} ms\n")
        sys.stdout.flush()

    def _fail(self, why: str) -> None:
        self._timer.stop()
        self._say("FAILED")
        sys.stdout.write(f"    {why}\n")
        self._show(f"failed-{self._stops[0].name}")
        sys.stdout.flush()
        self._failed()

    def _note_error(self, kind: type[BaseException], error: BaseException, trace: Optional[TracebackType]) -> None:
        self._error = self._error or "".join(traceback.format_exception(kind, error, trace))
