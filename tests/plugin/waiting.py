"""Waiting for a condition while Qt processes events."""

from __future__ import annotations

import time
from collections.abc import Callable

from qgis.PyQt.QtCore import QCoreApplication


def wait_until(is_done: Callable[[], object], seconds: float = 30.0) -> None:
    """Process events until `is_done` returns a true value. Fails after `seconds`."""
    begin = time.monotonic()
    while not is_done():
        assert time.monotonic() - begin < seconds
        QCoreApplication.processEvents()
        time.sleep(0.002)
