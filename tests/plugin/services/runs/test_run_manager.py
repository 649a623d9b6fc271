"""Runs as tasks: paused, stopped, taken up in another QGIS, and their results opened."""

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
from rsgpt_plugin.processing.run_registry import journal
from rsgpt_plugin.services.runs import run_manager as module
from rsgpt_plugin.services.runs.run_manager import RunManager
from tests.plugin.processing.conftest import numbered, reply
from tests.plugin.rasters import write
from tests.plugin.results import results_layer
from tests.plugin.waiting import wait_until

ALGORITHM = "rsgpt:describeraster"
TILES = 48


class PacedModel:
    """Answers one prompt after the other: the first `holds_at` at once, the others slowly until `go`."""

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


class Ears:
    """What a service said."""

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
    monkeypatch.setattr(answer_source, "open_door", scripted.connect)
    monkeypatch.setattr(answer_source, "known_model", lambda model, feedback: model)
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
    made = QgsRasterLayer(str(write(tmp_path / "town.tif", numbered(6, 8))), "town")
    return project.addMapLayer(made)


def asked(layer: QgsRasterLayer, output: Path | str = "TEMPORARY_OUTPUT") -> dict[str, Any]:
    return {"INPUT": layer.id(), "TILE_SIZE": 32, "OUTPUT": str(output)}


def test_a_run_ends_with_its_counts_and_its_layer(
    service: RunManager, model: PacedModel, layer: QgsRasterLayer, project: QgsProject
) -> None:
    ears = Ears(service)
    run_id = service.start(ALGORITHM, asked(layer), "town")
    wait_until(lambda: ears.ended)
    (entry,) = ears.ended
    assert (entry.id, entry.state, entry.counts["answered"]) == (run_id, RunState.FINISHED, TILES)
    opened = service.open_results(run_id)
    assert project.mapLayer(opened.id()) is opened
    assert opened.featureCount() == TILES
    assert (recorded_run(opened) or pytest.fail("not recorded")).source == layer.source()
    assert service.open_results(run_id) is opened
    project.removeMapLayer(opened.id())
    with pytest.raises(OutputError, match="not there any more"):
        service.open_results(run_id)


def test_results_beside_other_layers_are_opened_and_not_those(
    service: RunManager, model: PacedModel, layer: QgsRasterLayer, project: QgsProject, tmp_path: Path
) -> None:
    other = results_layer(["mine"], "GPKG", tmp_path).source()
    mine = project.addMapLayer(QgsVectorLayer(other, "mine", "ogr"))
    (tmp_path / "answers.gpkg").rename(tmp_path / "town.gpkg")
    mine.setDataSource(f"{tmp_path / 'town.gpkg'}|layername=answers", "mine", "ogr")
    ears = Ears(service)
    run_id = service.start(ALGORITHM, asked(layer, tmp_path / "town.gpkg"), "town")
    wait_until(lambda: ears.ended)
    service._layers.clear()
    opened = service.open_results(run_id)
    assert (opened.featureCount(), mine.featureCount()) == (TILES, 1)
    assert opened is not mine
    with RunStore(runs_file()) as store:
        store.remove(run_id)
        store.begin(run_id, ears.ended[0].request, {})  # as of a run that was killed: where it wrote is not noted
    assert service.open_results(run_id) is opened
    project.removeMapLayer(opened.id())
    assert service.open_results(run_id).featureCount() == TILES


def test_the_task_says_how_far_it_is(service: RunManager, model: PacedModel, layer: QgsRasterLayer) -> None:
    model.holds_at = 20
    run_id = service.start(ALGORITHM, asked(layer), "town")
    (task,) = QgsApplication.taskManager().activeTasks()
    assert task.description() == "RSGPT: town"
    wait_until(lambda: re.search(f"RSGPT: town, [1-9][0-9]* of {TILES}", task.description()))
    (view,) = service.runs()
    assert (view.entry.id, view.is_here, view.entry.state) == (run_id, True, RunState.RUNNING)
    assert 0 < view.entry.done < TILES
    model.go.set()
    wait_until(lambda: service.runs()[0].entry.state is RunState.FINISHED)
    wait_until(lambda: task.description() == "RSGPT: town")


@pytest.mark.parametrize(("leave", "state"), [("pause", RunState.PAUSED), ("stop", RunState.STOPPED)])
def test_a_run_rests_and_goes_on(
    service: RunManager, model: PacedModel, layer: QgsRasterLayer, tmp_path: Path, leave: str, state: RunState
) -> None:
    ears = Ears(service)
    model.holds_at = 20
    run_id = service.start(ALGORITHM, asked(layer, tmp_path / "out.gpkg"), "town")
    wait_until(lambda: service.runs() and service.runs()[0].entry.done > 4)
    getattr(service, leave)(run_id)
    wait_until(lambda: ears.ended)
    assert ears.ended[0].state is state
    written = service.open_results(run_id).featureCount()
    assert written == ears.ended[0].done < TILES
    before = len(model.prompts)
    model.go.set()
    service.go_on(run_id)
    wait_until(lambda: len(ears.ended) == 2)
    assert (ears.ended[1].id, ears.ended[1].state) == (run_id, RunState.FINISHED)
    assert len(model.prompts) == TILES
    assert len(model.prompts) - before == ears.ended[1].counts["asked"]
    assert service.open_results(run_id).featureCount() == TILES
    assert ears.problems == []


def test_a_killed_run_goes_on_in_another_project(
    service: RunManager, model: PacedModel, layer: QgsRasterLayer, project: QgsProject, tmp_path: Path
) -> None:
    ears = Ears(service)
    model.dies_after = 10
    run_id = service.start(ALGORITHM, asked(layer, tmp_path / "out.gpkg"), "town")
    wait_until(lambda: ears.ended)
    assert ears.ended[0].state is RunState.FAILED
    with RunStore(runs_file()) as store:  # as a killed process leaves it
        store.begin(run_id, ears.ended[0].request, ears.ended[0].counts)
    project.clear()
    (lost,) = service.unfinished()
    assert (lost.id, lost.state, lost.total) == (run_id, RunState.INTERRUPTED, TILES)
    assert service.unfinished() == []
    model.dies_after = 10**9
    service.go_on(run_id)
    wait_until(lambda: len(ears.ended) == 2)
    assert ears.ended[1].state is RunState.FINISHED
    assert ears.ended[1].counts["cached"] >= 10
    assert len(model.prompts) == TILES
    assert service.open_results(run_id).featureCount() == TILES


def test_a_raster_that_is_gone_is_said(
    service: RunManager, model: PacedModel, layer: QgsRasterLayer, project: QgsProject, tmp_path: Path
) -> None:
    ears = Ears(service)
    model.dies_after = 10
    run_id = service.start(ALGORITHM, asked(layer), "town")
    wait_until(lambda: ears.ended)
    project.clear()
    (tmp_path / "town.tif").unlink()
    service.go_on(run_id)
    assert ears.problems == [
        "The run cannot go on without the layer “town”, which is no longer where it was. Open the project with this "
        "layer, or put its file back, then go on."
    ]


def test_what_cannot_begin_is_said(service: RunManager, model: PacedModel, layer: QgsRasterLayer) -> None:
    ears = Ears(service)
    service.start(ALGORITHM, {**asked(layer), "TILE_SIZE": 1})
    assert "out of range" in ears.problems[0]
    assert service.runs() == []
    assert not runs_file().exists()


def test_a_run_from_elsewhere_is_shown_and_paused(
    service: RunManager, model: PacedModel, layer: QgsRasterLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WORTH_TELLING_S", 0.0)
    other = RunManager(QgsProject.instance())
    ears = Ears(service)
    model.holds_at = 20
    run_id = other.start(ALGORITHM, asked(layer))
    wait_until(lambda: service.runs() and service.runs()[0].entry.done > 4)
    service.pause(run_id)
    wait_until(lambda: ears.ended)
    assert (ears.ended[0].id, ears.ended[0].state) == (run_id, RunState.PAUSED)
    service.remove(run_id)
    assert service.runs() == []
    other.close()


def test_closing_pauses_what_runs(service: RunManager, model: PacedModel, layer: QgsRasterLayer) -> None:
    other = RunManager(QgsProject.instance())
    model.holds_at = 20
    run_id = other.start(ALGORITHM, asked(layer))
    wait_until(lambda: service.runs() and service.runs()[0].entry.done > 4)
    other.close()
    wait_until(lambda: journal.live(run_id) is None)
    assert service.runs()[0].entry.state is RunState.PAUSED
    wait_until(lambda: QgsApplication.taskManager().activeTasks() == [])
