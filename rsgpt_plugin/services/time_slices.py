"""Long work on the main thread in slices that leave the window responsive. Knows not what the work is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Optional

from qgis.PyQt.QtCore import QObject, QTimer

from ..unexpected import explained

_SLICE_S = 0.015
_AT_ONCE = 20


class TimeSlicer(QObject):
    """Takes the items of an iterator a few milliseconds at a time, and hands over each slice of them."""

    def __init__(self) -> None:
        super().__init__()
        self._items: Optional[Iterator[Any]] = None
        self._take: Callable[[list[Any]], None] = lambda items: None
        self._done: Callable[[], None] = lambda: None
        self._failed: Optional[Callable[[str], None]] = None
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._work)

    @property
    def busy(self) -> bool:
        """Whether there is work left."""
        return self._items is not None

    def start(
        self,
        items: Iterator[Any],
        take: Callable[[list[Any]], None],
        done: Callable[[], None],
        failed: Optional[Callable[[str], None]] = None,
    ) -> None:
        """Begin anew; what was under way is dropped.

        failed: called in place of `done`, with a sentence, if any of them raises; without it, the exception is QGIS's.
        """
        self._items, self._take, self._done, self._failed = items, take, done, failed
        self._timer.start()

    def stop(self) -> None:
        """Drop what is under way."""
        self._items = None
        self._timer.stop()

    def _work(self) -> None:
        failed = self._failed
        if failed is None:
            self._slice()
            return
        try:
            self._slice()
        except Exception as error:  # nobody waits for what a timer calls, and the work would never end
            self.stop()
            failed(explained(error))

    def _slice(self) -> None:
        if self._items is None:
            return
        begin, taken, ended = time.monotonic(), [], False
        while not ended and time.monotonic() - begin < _SLICE_S:
            some = list(islice(self._items, _AT_ONCE))
            taken += some
            ended = len(some) < _AT_ONCE
        done = self._done
        if ended:
            self.stop()
        if taken:
            self._take(taken)
        if ended:
            done()
