"""Runs for clicks as real tasks with the real server, up to the rows of the results layer."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from qgis.core import QgsApplication, QgsCoordinateReferenceSystem, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication

from rsgpt_plugin.client.preferences import Preferences, save
from rsgpt_plugin.client.server.local_server import LocalServer
from rsgpt_plugin.processing.provider import RsgptProvider
from rsgpt_plugin.services.asking.click_run import AskingService, ShownAnswers
from rsgpt_plugin.services.asking.feature_selection import select_features
from rsgpt_plugin.services.asking.place import canvas_place
from rsgpt_plugin.shared.answers.answer_types import AnswerType
from rsgpt_plugin.shared.answers.questions import Question
from tests.plugin.services.conftest import around, polygons, view_of

Serve = Callable[..., LocalServer]


class ClickSignals:
    """Records the signals of a service and waits for them."""

    def __init__(self, service: AskingService) -> None:
        self.answers: list[str] = []
        self.problems: list[str] = []
        self.unsaved: list[str] = []
        self.stops = 0
        self.shown: list[ShownAnswers] = []
        service.answered.connect(self._answer)
        service.failed.connect(self.problems.append)
        service.unsaved.connect(self.unsaved.append)
        service.stopped.connect(self._stop)

    def _answer(self, text: str, shown: ShownAnswers) -> None:
        self.answers.append(text)
        self.shown.append(shown)

    def _stop(self) -> None:
        self.stops += 1

    def wait(self, count: int = 1, seconds: float = 30.0) -> None:
        wait_until(lambda: len(self.answers) + len(self.problems) + self.stops >= count, seconds)


def wait_until(is_done: Callable[[], bool], seconds: float = 30.0) -> float:
    """Process events until `is_done`; return the longest time in seconds that one call blocked the main thread."""
    start, longest = time.monotonic(), 0.0
    while not is_done():
        now = time.monotonic()
        assert now - start < seconds
        QCoreApplication.processEvents()
        longest = max(longest, time.monotonic() - now)
        time.sleep(0.005)
    return longest


@pytest.fixture
def service(project: QgsProject, provider: RsgptProvider) -> Iterator[AskingService]:
    service = AskingService(project)
    yield service
    service.close()


def test_a_caption_becomes_a_row_of_the_results_layer(
    service: AskingService, raster: QgsRasterLayer, serve: Serve
) -> None:
    serve("--reply", "a harbour with <b>many</b> boats")
    signals = ClickSignals(service)
    service.ask(canvas_place(view_of([raster], around(150, 150, 100))))
    signals.wait()
    assert (signals.answers, signals.problems) == (["a harbour with <b>many</b> boats"], [])
    (layer,) = QgsProject.instance().mapLayersByName("RSGPT answers")
    (row,) = layer.getFeatures()
    assert row["answer"] == "a harbour with <b>many</b> boats"
    assert row["question"] == "Describe this image."
    assert (row["status"], row["model"], row["weights_sha256"]) == ("answered", "rsgpt-small", "f" * 64)
    assert row["model_fingerprint"] == "f" * 16
    assert row["confidence"] == pytest.approx(0.9)
    assert row.geometry().boundingBox().contains(around(150, 150, 90))
    (shown,) = signals.shown
    assert shown.crs == raster.crs()
    assert shown.geometries[0].boundingBox().contains(around(150, 150, 90))
    assert QgsProject.instance().layerTreeRoot().layerOrder()[0] is layer


def test_questions_of_each_kind_join_the_same_layer(
    service: AskingService, raster: QgsRasterLayer, serve: Serve
) -> None:
    serve("--script", '{"replies": {"water": "yes", "cars": "12", "kind": "forest"}}')
    signals = ClickSignals(service)
    place = canvas_place(view_of([raster], around(150, 150, 100)))
    questions = [
        Question("answer", "Is there water?", AnswerType.YESNO),
        Question("answer", "How many cars are there?", AnswerType.INTEGER),
        Question("answer", "Which kind is it?", AnswerType.CHOICE, ("forest", "town")),
    ]
    for number, question in enumerate(questions, start=1):
        service.ask(place, question)
        signals.wait(number)
    assert signals.answers == ["yes", "12", "forest"]
    (layer,) = QgsProject.instance().mapLayersByName("RSGPT answers")
    assert [row["question"] for row in layer.getFeatures()] == [question.text for question in questions]


def test_an_answer_below_the_minimum_confidence_is_not_shown(
    service: AskingService, raster: QgsRasterLayer, serve: Serve
) -> None:
    serve("--reply", "yes")
    signals = ClickSignals(service)
    place = canvas_place(view_of([raster], around(150, 150, 100)))
    save(Preferences(least_confidence=0.95))
    try:
        service.ask(place, Question("answer", "Is there water?", AnswerType.YESNO))
        signals.wait()
    finally:
        save(Preferences())
    assert signals.answers == []
    assert "I can't tell ('yes' would be 90 % sure)" in signals.problems[0]


def test_polygons_become_rows_of_the_same_layer_without_their_own_attributes(
    service: AskingService, raster: QgsRasterLayer, serve: Serve
) -> None:
    serve("--reply", "a field")
    parcels = polygons([around(50, 50, 40), around(150, 150, 40)], caption="not the model's")
    view = view_of([raster], around(150, 150, 300))
    signals = ClickSignals(service)
    service.ask(select_features(view, parcels, list(parcels.getFeatures())))
    signals.wait()
    assert (signals.answers, signals.problems) == (["a field\na field"], [])
    (layer,) = QgsProject.instance().mapLayersByName("RSGPT answers")
    rows = list(layer.getFeatures())
    assert [row["answer"] for row in rows] == ["a field", "a field"]
    assert [row.geometry().boundingBox().width() for row in rows] == pytest.approx([40, 40])
    assert len(signals.shown[0].geometries) == 2


def test_only_the_first_five_answers_are_shown(service: AskingService, raster: QgsRasterLayer, serve: Serve) -> None:
    serve("--reply", "yes")
    parcels = polygons([around(20 + 30 * number, 150, 25) for number in range(8)])
    signals = ClickSignals(service)
    place = select_features(view_of([raster], around(150, 150, 300)), parcels, list(parcels.getFeatures()))
    service.ask(place, Question("answer", "Is it a field?", AnswerType.YESNO))
    signals.wait()
    assert signals.answers[0].splitlines() == ["yes"] * 5 + ["… and 3 more in the layer “RSGPT answers”."]


def test_a_detailed_description_uses_its_own_prompt(
    service: AskingService, raster: QgsRasterLayer, serve: Serve
) -> None:
    serve("--script", '{"replies": {"in detail": "a long tale", "image": "short"}}')
    signals = ClickSignals(service)
    service.ask(canvas_place(view_of([raster], around(150, 150, 100))), detailed=True)
    signals.wait()
    assert signals.answers == ["a long tale"]


def test_the_preferred_prompt_applies_to_short_captions_only(
    service: AskingService, raster: QgsRasterLayer, serve: Serve
) -> None:
    serve()
    signals = ClickSignals(service)
    save(Preferences(prompt="What grows here?"))
    try:
        service.ask(canvas_place(view_of([raster], around(150, 150, 100))))
        signals.wait()
        service.ask(canvas_place(view_of([raster], around(150, 150, 100))), detailed=True)
        signals.wait(2)
    finally:
        save(Preferences())
    assert signals.problems == []
    (layer,) = QgsProject.instance().mapLayersByName("RSGPT answers")
    assert [row["question"] for row in layer.getFeatures()] == ["What grows here?", "Describe this image in detail."]


def test_the_answer_lies_in_the_project_s_crs(service: AskingService, raster: QgsRasterLayer, serve: Serve) -> None:
    serve()
    QgsProject.instance().setCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    signals = ClickSignals(service)
    service.ask(canvas_place(view_of([raster], around(150, 150, 100))))
    signals.wait()
    (layer,) = QgsProject.instance().mapLayersByName("RSGPT answers")
    assert layer.crs().authid() == "EPSG:4326"
    (row,) = layer.getFeatures()
    assert 14 < row.geometry().centroid().asPoint().x() < 16


def test_the_main_thread_is_not_blocked_and_cancel_stops_the_run(
    service: AskingService, raster: QgsRasterLayer, serve: Serve
) -> None:
    serve("--delay", "30")
    signals = ClickSignals(service)
    service.ask(canvas_place(view_of([raster], around(150, 150, 100))))
    start = time.monotonic()
    longest = wait_until(lambda: time.monotonic() - start > 2.0)
    assert longest < 0.15
    (task,) = QgsApplication.taskManager().activeTasks()
    task.cancel()
    start = time.monotonic()
    signals.wait()
    assert time.monotonic() - start < 1.0
    assert (signals.stops, signals.answers, signals.problems) == (1, [], [])
    assert QgsProject.instance().mapLayersByName("RSGPT answers") == []


def test_a_server_error_is_reported_without_a_traceback(
    service: AskingService, raster: QgsRasterLayer, serve: Serve
) -> None:
    serve("--script", '{"load_error": "The weights are gone; install the plugin again."}')
    signals = ClickSignals(service)
    service.ask(canvas_place(view_of([raster], around(150, 150, 100))))
    signals.wait()
    (problem,) = signals.problems
    assert "The weights are gone" in problem
    assert "Traceback" not in problem


def test_a_missing_layer_is_reported_and_starts_no_server(
    service: AskingService, raster: QgsRasterLayer, serve: Serve
) -> None:
    server = serve()
    signals = ClickSignals(service)
    place = canvas_place(view_of([raster], around(150, 150, 100)))
    QgsProject.instance().removeMapLayer(raster.id())
    service.ask(place)
    signals.wait()
    (problem,) = signals.problems
    assert "INPUT" in problem or "layer" in problem.lower()
    assert server._process is None


def test_a_server_killed_during_a_run_is_restarted(
    service: AskingService, raster: QgsRasterLayer, serve: Serve
) -> None:
    server = serve("--delay", "1")
    signals = ClickSignals(service)
    service.ask(canvas_place(view_of([raster], around(150, 150, 100))))
    wait_until(lambda: server._endpoint is not None)
    assert server._process is not None
    os.kill(server._process.pid, signal.SIGKILL)
    signals.wait()
    assert [answer.split()[0] for answer in signals.answers] == ["picture"]
    assert signals.problems == []


def test_close_cancels_the_running_task(service: AskingService, raster: QgsRasterLayer, serve: Serve) -> None:
    serve("--delay", "30")
    service.ask(canvas_place(view_of([raster], around(150, 150, 100))))
    wait_until(lambda: bool(QgsApplication.taskManager().activeTasks()))
    start = time.monotonic()
    service.close()
    assert time.monotonic() - start < 3.0
    wait_until(lambda: not QgsApplication.taskManager().activeTasks(), 5.0)


@pytest.fixture
def slow_click(
    service: AskingService, raster: QgsRasterLayer, serve: Serve, project: QgsProject, tmp_path: Path
) -> ClickSignals:
    """A click in the project a.qgz, while the model answers."""
    assert project.write(str(tmp_path / "a.qgz"))
    server = serve("--delay", "2", "--reply", "a harbor")
    signals = ClickSignals(service)
    service.ask(canvas_place(view_of([raster], around(150, 150, 100))))
    wait_until(lambda: server._endpoint is not None)
    assert not signals.answers
    return signals


def answers_of(project: Path) -> list[str]:
    file = project.with_name(f"{project.stem}_rsgpt_answers.gpkg")
    rows = QgsVectorLayer(f"{file}|layername=answers", "read", "ogr")
    return [row["answer"] for row in rows.getFeatures()] if file.exists() else []


def test_an_answer_that_arrives_in_another_project_is_shown_but_not_added_to_it(
    slow_click: ClickSignals, project: QgsProject, tmp_path: Path
) -> None:
    project.clear()
    assert project.write(str(tmp_path / "b.qgz"))
    slow_click.wait()
    assert (slow_click.answers, slow_click.problems) == (["a harbor"], [])
    assert "The project was closed before" in slow_click.unsaved[0]
    assert project.mapLayers() == {}
    assert not list(tmp_path.glob("*.gpkg"))


def test_an_answer_is_added_if_the_project_was_read_again_or_saved_elsewhere(
    slow_click: ClickSignals, service: AskingService, project: QgsProject, tmp_path: Path
) -> None:
    assert project.read(str(tmp_path / "a.qgz"))
    slow_click.wait()
    assert answers_of(tmp_path / "a.qgz") == ["a harbor"]
    (raster,) = project.mapLayersByName("ortho")
    service.ask(canvas_place(view_of([raster], around(100, 100, 100))))
    assert project.write(str(tmp_path / "c.qgz"))
    slow_click.wait(2)
    assert answers_of(tmp_path / "a.qgz") == ["a harbor", "a harbor"]
    assert slow_click.unsaved == []
