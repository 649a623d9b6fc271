"""The algorithms with the gateway and a real server process; only the engine is scripted."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import processing
import pytest
from qgis.core import (
    QgsApplication,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsRasterLayer,
)
from qgis.PyQt.QtCore import QEventLoop

from rsgpt_plugin.client import answer_source
from rsgpt_plugin.client.server.gateway import Gateway
from rsgpt_plugin.client.server.local_server import LocalServer
from rsgpt_plugin.processing import run as run_module
from rsgpt_plugin.processing.describeraster import DescribeRaster

from .conftest import numbered, rows_of

pytestmark = pytest.mark.usefixtures("provider")

Make = Callable[..., QgsRasterLayer]
GREEN_BLUE = 100 << 8 | 255


@pytest.fixture
def serve(fake_server: Callable[..., LocalServer], monkeypatch: pytest.MonkeyPatch) -> Callable[..., LocalServer]:
    """Return a function that starts a server with the scripted engine for the next runs."""

    def start(*options: str) -> LocalServer:
        server = fake_server(*options)
        monkeypatch.setattr(answer_source, "open_backend", lambda model: Gateway(server, model.name))
        monkeypatch.setattr(answer_source, "identified_model", lambda model, feedback: model)
        return server

    return start


def parameters(layer: QgsRasterLayer) -> dict[str, Any]:
    return {
        "INPUT": layer,
        "TILE_SIZE": 32,
        "QUESTIONS": "n[integer]: Which number?",
        "OUTPUT": "TEMPORARY_OUTPUT",
    }


def expected(count: int) -> list[str]:
    return [f"picture {number << 16 | GREEN_BLUE}" for number in range(count)]


def test_every_tile_gets_its_own_answer(raster: Make, serve: Callable[..., LocalServer]) -> None:
    serve("--token-delay", "0.001", "--script", '{"replies": {"Which number": "{number}"}}')
    result = processing.run("rsgpt:describeraster", parameters(raster(numbered(10, 10))))
    rows = rows_of(result["OUTPUT"])
    assert [row["caption"] for row in rows] == expected(100)
    assert [row["n"] for row in rows] == [number << 16 | GREEN_BLUE for number in range(100)]
    assert (result["ASKED"], result["ANSWERED"], result["CACHED"]) == (200, 100, 0)
    assert all(0 < row["confidence"] <= 1 for row in rows)


def test_a_killed_server_is_restarted_once_and_no_answer_is_lost(
    raster: Make, serve: Callable[..., LocalServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve("--token-delay", "0.002")
    killed: list[int] = []
    original = run_module.DescribeRun._receive

    def receive(self: run_module.DescribeRun, *arguments: Any) -> None:
        original(self, *arguments)
        if not killed and self.counts.answered >= 20:
            assert server._process is not None
            killed.append(server._process.pid)
            os.kill(killed[0], signal.SIGKILL)

    monkeypatch.setattr(run_module.DescribeRun, "_receive", receive)
    layer = raster(numbered(10, 10))
    result = processing.run("rsgpt:describeraster", parameters(layer))
    assert killed
    assert [row["caption"] for row in rows_of(result["OUTPUT"])] == expected(100)
    again = processing.run("rsgpt:describeraster", parameters(layer))
    assert (again["ASKED"], again["CACHED"]) == (0, 200)


def test_a_run_in_a_worker_thread_can_be_stopped_and_repeated(
    raster: Make, serve: Callable[..., LocalServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    serve("--token-delay", "0.005", "--batch", "4")
    layer = raster(numbered(10, 10))
    feedback = QgsProcessingFeedback()
    feedback.progressChanged.connect(lambda progress: feedback.cancel() if progress > 10 else None)
    (stopped,) = in_thread(layer, feedback)
    assert 10 <= stopped.get("ANSWERED", 0) < 100
    (finished,) = in_thread(layer, QgsProcessingFeedback())
    assert finished["ANSWERED"] == 100
    assert finished["CACHED"] >= 2 * stopped["ANSWERED"]
    assert finished["ASKED"] + finished["CACHED"] == 200


def in_thread(layer: QgsRasterLayer, feedback: QgsProcessingFeedback) -> Iterator[dict[str, Any]]:
    context, loop = QgsProcessingContext(), QEventLoop()
    ended: list[dict[str, Any]] = []
    algorithm = DescribeRaster().create()
    task = QgsProcessingAlgRunnerTask(algorithm, parameters(layer), context, feedback)
    task.executed.connect(lambda fine, results: ended.append(results))
    task.executed.connect(loop.quit)
    QgsApplication.taskManager().addTask(task)
    loop.exec()
    return iter(ended)
