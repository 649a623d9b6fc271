"""A trial asks about a few places as the run would, and the run takes its answers from the cache."""

from __future__ import annotations

from typing import Any

import pytest
from qgis.core import (
    QgsApplication,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProject,
    QgsRasterLayer,
)
from qgis.PyQt.QtGui import QImage

from rsgpt_plugin.client import answer_source
from rsgpt_plugin.errors import RsgptError
from rsgpt_plugin.processing.provider import RsgptProvider
from rsgpt_plugin.services.background_task import BackgroundTask
from rsgpt_plugin.services.runs.trial_run import Trial, trial_run
from tests.plugin.processing.conftest import ScriptedGateway
from tests.plugin.services.asking.test_click_run import wait_until
from tests.plugin.services.conftest import around, polygons

QUESTIONS = "water[yesno]: Is there water?\ncars[integer]: How many cars?\nwhy: Why is it red?"


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, project: QgsProject, provider: RsgptProvider) -> ScriptedGateway:
    scripted = ScriptedGateway(lambda prompt: "3" if "cars" in prompt.text else "yes")
    monkeypatch.setattr(answer_source, "open_backend", scripted.connect)
    monkeypatch.setattr(answer_source, "identified_model", lambda model, feedback: model)
    return scripted


def parameters(raster: QgsRasterLayer, **others: Any) -> dict[str, Any]:
    tiles = {"INPUT": raster.id(), "TILE_SIZE": 100, "CAPTION": False, "QUESTIONS": QUESTIONS}
    return {**tiles, "OUTPUT": QgsProcessing.TEMPORARY_OUTPUT, **others}


def result_of(task: BackgroundTask) -> Trial:
    results: list[Any] = []
    task.done.connect(results.append)
    task.failed.connect(lambda message, details: results.append(message))
    task.stopped.connect(lambda: results.append(None))
    task.start()
    wait_until(lambda: bool(results))
    assert isinstance(results[0], Trial), results
    return results[0]


def test_the_run_reuses_the_answers_of_a_trial(gateway: ScriptedGateway, raster: QgsRasterLayer) -> None:
    values = parameters(raster)
    trial = result_of(trial_run("rsgpt:describeraster", values, QgsProject.instance()))
    assert trial.names == ("water", "cars", "why")
    assert [row.answers for row in trial.rows] == [("yes (100 %)", "3 (80 %)", "")] * 3
    assert trial.rows[0].reason == "why: rsgpt-small cannot tell a reason from a picture"
    assert [QImage.fromData(row.png).width() for row in trial.rows] == [100] * 3
    asked = len(gateway.prompts)
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("rsgpt:describeraster")
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    counts, is_done = algorithm.run(values, context, QgsProcessingFeedback(False))
    assert is_done
    assert (asked, counts["TILES"], counts["ASKED"]) == (2, 36, 0)  # the raster has one color


def test_features_are_tried_without_their_attributes(gateway: ScriptedGateway, raster: QgsRasterLayer) -> None:
    parcels = polygons([around(50 * number, 150, 30) for number in range(1, 6)])
    QgsProject.instance().addMapLayer(parcels)
    values = parameters(raster, FEATURES=parcels.id())
    trial = result_of(trial_run("rsgpt:describefeatures", values, QgsProject.instance()))
    assert [row.answers[0] for row in trial.rows] == ["yes (100 %)"] * 3


def test_a_trial_that_cannot_start_says_why(gateway: ScriptedGateway, raster: QgsRasterLayer) -> None:
    with pytest.raises(RsgptError, match="nothing to ask"):
        trial_run("rsgpt:describeraster", parameters(raster, QUESTIONS=""), QgsProject.instance())
    assert gateway.prompts == []


def test_a_stopped_trial_has_no_result(gateway: ScriptedGateway, raster: QgsRasterLayer) -> None:
    task = trial_run("rsgpt:describeraster", parameters(raster), QgsProject.instance())
    stops: list[bool] = []
    task.stopped.connect(lambda: stops.append(True))
    task.done.connect(lambda trial: stops.append(False))
    task.feedback.cancel()
    task.start()
    wait_until(lambda: bool(stops))
    assert (stops, gateway.prompts) == ([True], [])
