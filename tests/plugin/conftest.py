"""Fixtures of the plugin tests: waiting for other threads, and default preferences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from qgis.core import QgsSettings
from qgis.PyQt.QtCore import QCoreApplication

from rsgpt_plugin.services.background_task import stop_all
from tests.plugin import waiting


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Return a function that processes events until a condition holds."""
    return partial(waiting.wait_until, seconds=60)


@pytest.fixture(autouse=True)
def no_preferences() -> None:
    """Remove preferences that an earlier test saved in the profile of pytest-qgis."""
    QgsSettings().remove("rsgpt")


@pytest.fixture
def settings(qgis_app: object) -> Iterator[None]:
    """Stop background tasks that the windows of a test started."""
    yield
    stop_all()
    QCoreApplication.processEvents()
