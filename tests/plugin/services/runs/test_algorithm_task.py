"""One algorithm as a task: what cannot begin is said, what was dropped says nothing, what it needs lives on."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest
from qgis.core import QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QCoreApplication

from rsgpt_plugin.client.server.local_server import LocalServer
from rsgpt_plugin.errors import RsgptError
from rsgpt_plugin.processing.provider import RsgptProvider
from rsgpt_plugin.services.runs.algorithm_task import AlgorithmTask, context_of
from tests.plugin.services.conftest import around, polygons
from tests.plugin.waiting import wait_until

Serve = Callable[..., LocalServer]

pytestmark = pytest.mark.usefixtures("provider")


def test_what_cannot_begin_is_said(project: QgsProject, raster: QgsRasterLayer) -> None:
    with pytest.raises(RsgptError, match="TILE_SIZE is out of range"):
        AlgorithmTask("rsgpt:describeraster", {"INPUT": raster.id(), "TILE_SIZE": 1}, context_of(project))


def test_a_layer_that_is_nobody_else_s_lives_on(project: QgsProject, raster: QgsRasterLayer, serve: Serve) -> None:
    serve()
    ends: list[dict[str, Any]] = []
    shapes = polygons([around(50, 50, 40), around(150, 150, 40)])
    asked = {"INPUT": raster.id(), "FEATURES": shapes, "OUTPUT": "TEMPORARY_OUTPUT"}
    running = AlgorithmTask("rsgpt:describefeatures", asked, context_of(project))
    del shapes, asked
    gc.collect()
    running.start("both", ends.append)
    wait_until(lambda: bool(ends))
    assert (ends[0]["ANSWERED"], running.was_cancelled) == (2, False)


def test_what_was_dropped_says_nothing(
    project: QgsProject, raster: QgsRasterLayer, provider: RsgptProvider, serve: Serve
) -> None:
    serve("--delay", "5")
    ends: list[dict[str, Any]] = []
    asked = {"INPUT": raster.id(), "OUTPUT": "TEMPORARY_OUTPUT"}
    running = AlgorithmTask("rsgpt:describeraster", asked, context_of(project))
    running.start("all of it", ends.append)
    running.drop()
    running.wait()
    QCoreApplication.processEvents()
    assert ends == []
