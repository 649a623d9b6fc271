"""Runs as tasks: paused, stopped, resumed in another QGIS, and their results opened."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsApplication, QgsFeedback, QgsProject, QgsRasterLayer, QgsVectorLayer

from rsgpt_plugin.client import answer_source, backends
from rsgpt_plugin.client.installed_models import ModelInfo
from rsgpt_plugin.client.server.protocol import Prompt, Reply
from rsgpt_plugin.core.paths import runs_file
from rsgpt_plugin.core.run_store import RunEntry, RunState, RunStore
from rsgpt_plugin.errors import Cancelled, OutputError, ServerError
from rsgpt_plugin.geo.results.layer_metadata import recorded_run
from rsgpt_plugin.processing.provider import RsgptProvider
from rsgpt_plugin.processing.run_registry import active_runs
from rsgpt_plugin.services.runs import run_manager as module
from rsgpt_plugin.services.runs.run_manager import RunManager
from tests.plugin.processing.conftest import numbered, reply
from tests.plugin.rasters import write
from tests.plugin.results import results_layer
from tests.plugin.waiting import wait_until

ALGORITHM = "rsgpt:describeraster"
TILES = 48


class PacedModel:
    """Answers prompts in order: the first `holds_at` at once, the others slowly until `go` is set."""

    def __init__(self) -> None:
        self.holds_at = self.dies_after = 10**9
        self.prompts: list[Prompt] = []
        self.go = threading.Event()

    def connect(self, model: ModelInfo) -> PacedModel:
        return self

    def ask_many(self, prompts: Iterable[Prompt], feedback: QgsFeedback) -> Iterator[tuple[int, Reply]]:
        for index, prompt in enumerate(prompts):
            if feedback.isCanceled():
                raise Cancelled("stopped")
            if index == self.dies_after:
                raise ServerError("The server stopped twice.")
            if index >= self.holds_at:
                self.go.wait(0.1)
            self.prompts.append(prompt)
            yield index, reply("a field")


class Signals:
    def __init__(self, service: RunManager) -> None:
        self.ended: list[RunEntry] = []
        self.problems: list[str] = []
        self.changes = 0
        service.ended.connect(self.ended.append)
        service.failed.connect(self.problems.append)
        service.changed.connect(self._count)

    def _count(self) -> None:
        self.changes += 1


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[PacedModel]:
    scripted = PacedModel()
    monkeypatch.setattr(answer_source, "open_backend", scripted.connect)
    monkeypatch.setattr(answer_source, "identified_model", lambda model, feedback: model)
    monkeypatch.setattr(backends, "model_identity", lambda name: ModelInfo(name, "f" * 64))
    yield scripted
    scripted.go.set()


@pytest.fixture
def service(project: QgsProject, provider: RsgptProvider) -> Iterator[RunManager]:
    service = RunManager(project)
    yield service
    service.close()


@pytest.fixture
def layer(project: QgsProject, tmp_path: Path) -> QgsRasterLayer:
    raster = QgsRasterLayer(str(write(tmp_path / "town.tif", numbered(6, 8))), "town")
    return project.addMapLayer(raster)


def parameters(layer: QgsRasterLayer, output: Path | str = "TEMPORARY_OUTPUT") -> dict[str, Any]:
    return {"INPUT": layer.id(), "TILE_SIZE": 32, "OUTPUT": str(output)}


def test_a_run_ends_with_its_counts_and_its_layer(
    service: RunManager, model: PacedModel, layer: QgsRasterLayer, project: QgsProject
) -> None:
    signals = Signals(service)
    run_id = service.start(ALGORITHM, parameters(layer), "town")
    wait_until(lambda: signals.ended)
    (entry,) = signals.ended
    assert (entry.id, entry.state, entry.counts["answered"]) == (run_id, RunState.FINISHED, TILES)
    opened = service.open_results(run_id)
    assert project.mapLayer(opened.id()) is opened
    assert opened.featureCount() == TILES
    assert (recorded_run(opened) or pytest.fail("not recorded")).source == layer.source()
    assert service.open_results(run_id) is opened
    project.removeMapLayer(opened.id())
    with pytest.raises(OutputError, match="no longer exist"):
        service.open_results(run_id)


def test_the_results_layer_is_opened_and_not_another_layer_of_the_same_file(
    service: RunManager, model: PacedModel, layer: QgsRasterLayer, project: QgsProject, tmp_path: Path
) -> None:
    other = results_layer(["mine"], "GPKG", tmp_path).source()
    mine = project.addMapLayer(QgsVectorLayer(other, "mine", "ogr"))
    (tmp_path / "answers.gpkg").rename(tmp_path / "town.gpkg")
    mine.setDataSource(f"{tmp_path / 'town.gpkg'}|layername=answers", "mine", "ogr")
    signals = Signals(service)
    run_id = service.start(ALGORITHM, parameters(layer, tmp_path / "town.gpkg"), "town")
    wait_until(lambda: signals.ended)
    service._layers.clear()
    opened = service.open_results(run_id)
    assert (opened.featureCount(), mine.featureCount()) == (TILES, 1)
    assert opened is not mine
    with RunStore(runs_file()) as store:
        store.remove(run_id)
        store.begin(run_id, signals.ended[0].request, {})  # like a killed run, whose output is not recorded
    assert service.open_results(run_id) is opened
    project.removeMapLayer(opened.id())
    assert service.open_results(run_id).featureCount() == TILES


def test_the_task_description_shows_the_progress(service: RunManager, model: PacedModel, layer: QgsRasterLayer) -> None:
    model.holds_at = 20
    run_id = service.start(ALGORITHM, parameters(layer), "town")
    (task,) = QgsApplication.taskManager().activeTasks()
    assert task.description() == "RSGPT: town"
    wait_until(lambda: re.search(f"RSGPT: town, [1-9][0-9]* of {TILES}", task.description()))
    (view,) = service.runs()
    assert (view.entry.id, view.is_here, view.entry.state) == (run_id, True, RunState.RUNNING)
    assert 0 < view.entry.done < TILES
    model.go.set()
    wait_until(lambda: service.runs()[0].entry.state is RunState.FINISHED)
    wait_until(lambda: task.description() == "RSGPT: town")


@pytest.mark.parametrize(("action", "state"), [("pause", RunState.PAUSED), ("stop", RunState.STOPPED)])
def test_a_paused_or_stopped_run_can_be_resumed(
    service: RunManager, model: PacedModel, layer: QgsRasterLayer, tmp_path: Path, action: str, state: RunState
) -> None:
    signals = Signals(service)
    model.holds_at = 20
    run_id = service.start(ALGORITHM, parameters(layer, tmp_path / "out.gpkg"), "town")
    wait_until(lambda: service.runs() and service.runs()[0].entry.done > 4)
    getattr(service, action)(run_id)
    wait_until(lambda: signals.ended)
    assert signals.ended[0].state is state
    written = service.open_results(run_id).featureCount()
    assert written == signals.ended[0].done < TILES
    before = len(model.prompts)
    model.go.set()
    service.resume(run_id)
    wait_until(lambda: len(signals.ended) == 2)
    assert (signals.ended[1].id, signals.ended[1].state) == (run_id, RunState.FINISHED)
    assert len(model.prompts) == TILES
    assert len(model.prompts) - before == signals.ended[1].counts["asked"]
    assert service.open_results(run_id).featureCount() == TILES
    assert signals.problems == []


def test_a_killed_run_is_resumed_in_another_project(
    service: RunManager, model: PacedModel, layer: QgsRasterLayer, project: QgsProject, tmp_path: Path
) -> None:
    signals = Signals(service)
    model.dies_after = 10
    run_id = service.start(ALGORITHM, parameters(layer, tmp_path / "out.gpkg"), "town")
    wait_until(lambda: signals.ended)
    assert signals.ended[0].state is RunState.FAILED
    with RunStore(runs_file()) as store:  # like a killed process leaves it
        store.begin(run_id, signals.ended[0].request, signals.ended[0].counts)
    project.clear()
    (lost,) = service.unfinished()
    assert (lost.id, lost.state, lost.total) == (run_id, RunState.INTERRUPTED, TILES)
    assert service.unfinished() == []
    model.dies_after = 10**9
    service.resume(run_id)
    wait_until(lambda: len(signals.ended) == 2)
    assert signals.ended[1].state is RunState.FINISHED
    assert signals.ended[1].counts["cached"] >= 10
    assert len(model.prompts) == TILES
    assert service.open_results(run_id).featureCount() == TILES


def test_resuming_without_the_raster_emits_a_message(
    service: RunManager, model: PacedModel, layer: QgsRasterLayer, project: QgsProject, tmp_path: Path
) -> None:
    signals = Signals(service)
    model.dies_after = 10
    run_id = service.start(ALGORITHM, parameters(layer), "town")
    wait_until(lambda: signals.ended)
    project.clear()
    (tmp_path / "town.tif").unlink()
    service.resume(run_id)
    assert signals.problems == [
        "The run cannot be resumed without the layer “town”, which is no longer at its location. Open the project "
        "with this layer or restore its file, then resume the run."
    ]


def test_a_run_that_cannot_start_emits_a_message(service: RunManager, model: PacedModel, layer: QgsRasterLayer) -> None:
    signals = Signals(service)
    service.start(ALGORITHM, {**parameters(layer), "TILE_SIZE": 1})
    assert "out of range" in signals.problems[0]
    assert service.runs() == []
    assert not runs_file().exists()


def test_a_run_of_another_manager_is_listed_and_paused(
    service: RunManager, model: PacedModel, layer: QgsRasterLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MIN_REPORTED_S", 0.0)
    other = RunManager(QgsProject.instance())
    signals = Signals(service)
    model.holds_at = 20
    run_id = other.start(ALGORITHM, parameters(layer))
    wait_until(lambda: service.runs() and service.runs()[0].entry.done > 4)
    service.pause(run_id)
    wait_until(lambda: signals.ended)
    assert (signals.ended[0].id, signals.ended[0].state) == (run_id, RunState.PAUSED)
    service.remove(run_id)
    assert service.runs() == []
    other.close()


def test_closing_pauses_active_runs(service: RunManager, model: PacedModel, layer: QgsRasterLayer) -> None:
    other = RunManager(QgsProject.instance())
    model.holds_at = 20
    run_id = other.start(ALGORITHM, parameters(layer))
    wait_until(lambda: service.runs() and service.runs()[0].entry.done > 4)
    other.close()
    wait_until(lambda: active_runs.live(run_id) is None)
    assert service.runs()[0].entry.state is RunState.PAUSED
    wait_until(lambda: QgsApplication.taskManager().activeTasks() == [])
