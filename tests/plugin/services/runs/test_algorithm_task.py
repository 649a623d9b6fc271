"""An algorithm as a task: errors before the start, a dropped task, and the lifetime of its layers."""

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
from rsgpt_plugin.services.runs.algorithm_task import AlgorithmTask, project_context
from tests.plugin.services.conftest import around, polygons
from tests.plugin.waiting import wait_until

Serve = Callable[..., LocalServer]

pytestmark = pytest.mark.usefixtures("provider")


def test_invalid_parameters_raise_the_message_of_the_algorithm(project: QgsProject, raster: QgsRasterLayer) -> None:
    with pytest.raises(RsgptError, match="TILE_SIZE is out of range"):
        AlgorithmTask("rsgpt:describeraster", {"INPUT": raster.id(), "TILE_SIZE": 1}, project_context(project))


def test_a_layer_in_the_parameters_stays_alive(project: QgsProject, raster: QgsRasterLayer, serve: Serve) -> None:
    serve()
    ends: list[dict[str, Any]] = []
    shapes = polygons([around(50, 50, 40), around(150, 150, 40)])
    parameters = {"INPUT": raster.id(), "FEATURES": shapes, "OUTPUT": "TEMPORARY_OUTPUT"}
    task = AlgorithmTask("rsgpt:describefeatures", parameters, project_context(project))
    del shapes, parameters
    gc.collect()
    task.start("both", ends.append)
    wait_until(lambda: bool(ends))
    assert (ends[0]["ANSWERED"], task.was_cancelled) == (2, False)


def test_a_dropped_task_does_not_call_back(
    project: QgsProject, raster: QgsRasterLayer, provider: RsgptProvider, serve: Serve
) -> None:
    serve("--delay", "5")
    ends: list[dict[str, Any]] = []
    parameters = {"INPUT": raster.id(), "OUTPUT": "TEMPORARY_OUTPUT"}
    task = AlgorithmTask("rsgpt:describeraster", parameters, project_context(project))
    task.start("whole raster", ends.append)
    task.drop()
    task.wait()
    QCoreApplication.processEvents()
    assert ends == []
