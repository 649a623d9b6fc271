"""Waiting for a condition or a task while Qt processes events."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qgis.PyQt.QtCore import QCoreApplication

if TYPE_CHECKING:
    from rsgpt_plugin.services.background_task import BackgroundTask


def wait_until(is_done: Callable[[], object], seconds: float = 30.0) -> None:
    """Process events until `is_done` returns a true value. Fails after `seconds`."""
    begin = time.monotonic()
    while not is_done():
        assert time.monotonic() - begin < seconds
        QCoreApplication.processEvents()
        time.sleep(0.002)


def ended(task: BackgroundTask) -> tuple[list[Any], list[str]]:
    """Run a task; return its results and its failures."""
    results: list[Any] = []
    failures: list[str] = []
    task.done.connect(results.append)
    task.failed.connect(lambda message, details: failures.append(message))
    task.start()
    wait_until(lambda: results or failures)
    return results, failures
