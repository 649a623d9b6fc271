"""Long iterations on the main thread, in slices that keep the window responsive."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Optional

from qgis.PyQt.QtCore import QObject, QTimer

from ..unexpected import log_unexpected

_SLICE_S = 0.015


class TimeSlicer(QObject):
    """Consumes an iterator a few milliseconds at a time, and passes each slice of items to a callback."""

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
        """Whether an iteration is running."""
        return self._items is not None

    def start(
        self,
        items: Iterator[Any],
        take: Callable[[list[Any]], None],
        done: Callable[[], None],
        failed: Optional[Callable[[str], None]] = None,
    ) -> None:
        """Start an iteration in place of the current one: pass each slice to `take`, then call `done`.

        failed: called with a message instead of `done` if the iterator, `take` or `done` raises an exception.
        Without it, QGIS handles the exception.
        """
        self._items, self._take, self._done, self._failed = items, take, done, failed
        self._timer.start()

    def stop(self) -> None:
        """Drop the current iteration."""
        self._items = None
        self._timer.stop()

    def _work(self) -> None:
        failed = self._failed
        if failed is None:
            self._slice()
            return
        try:
            self._slice()
        except Exception as error:  # a timer has no caller: the iteration would never end
            self.stop()
            failed(log_unexpected(error))

    def _slice(self) -> None:
        if self._items is None:
            return
        end, items, ended = time.monotonic() + _SLICE_S, list[Any](), True
        for item in self._items:
            items.append(item)
            if time.monotonic() >= end:  # after each item, because one may take as long as a slice
                ended = False
                break
        done = self._done
        if ended:
            self.stop()
        if items:
            self._take(items)
        if ended:
            done()
