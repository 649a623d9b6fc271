"""Waiting for what happens on other threads, and the preferences as nobody has touched them."""

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
    """Let QGIS go on until something is so."""
    return partial(waiting.wait_until, seconds=60)


@pytest.fixture(autouse=True)
def no_preferences() -> None:
    """What an earlier test chose is forgotten; the profile is pytest-qgis's own."""
    QgsSettings().remove("rsgpt")


@pytest.fixture
def settings(qgis_app: object) -> Iterator[None]:
    """For tests whose windows start work: none of it runs on."""
    yield
    stop_all()
    QCoreApplication.processEvents()
