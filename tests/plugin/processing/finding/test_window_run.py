"""Runs over search windows: skipped, failed, stopped, resumed, and without a model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProject, QgsRasterLayer

from rsgpt_plugin.client import answer_source
from rsgpt_plugin.errors import ServerError
from rsgpt_plugin.processing.error_feedback import ErrorFeedback
from rsgpt_plugin.processing.finding.findobjects import FindObjects
from tests.plugin.processing.conftest import ScriptedGateway
from tests.plugin.rasters import OddRaster

from .conftest import dotted
from .test_findobjects import find, places, planes, refusal

pytestmark = pytest.mark.usefixtures("provider")

Make = Callable[..., QgsRasterLayer]


def test_windows_without_data_are_skipped_and_failures_are_reported(raster: Make, finder: ScriptedGateway) -> None:
    values = dotted(2500, 400)
    values[:, :, 1000:] = 0
    find_dots, feedback = finder.say, ErrorFeedback()
    finder.say = lambda prompt: ServerError("no answer") if len(finder.prompts) == 1 else find_dots(prompt)
    layer = raster(values, OddRaster(nodata=0))
    result = find(layer, feedback)
    assert result["SKIPPED"] > 0
    assert result["FAILED"] == 1
    assert f"1 of {result['TILES']} search windows failed (no answer)" in feedback.textLog()
    again = find(layer)
    assert (again["ASKED"], again["FAILED"], places(again["OUTPUT"])) == (1, 0, planes(values))


def test_a_stopped_run_writes_its_objects_and_the_next_one_resumes_it(raster: Make, finder: ScriptedGateway) -> None:
    values = dotted(2000, 1500)
    layer, feedback, find_dots = raster(values), QgsProcessingFeedback(), finder.say

    def say(prompt: Any) -> Any:
        if len(finder.prompts) == 10:
            feedback.cancel()
        return find_dots(prompt)

    finder.say = say
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    algorithm = FindObjects().create()
    parameters = {"INPUT": layer, "OBJECTS": ["airplane"], "OUTPUT": "memory:"}
    results, _ = algorithm.run(parameters, context, feedback)
    stopped = context.takeResultLayer(results["OUTPUT"])
    QgsProject.instance().addMapLayer(stopped)
    assert results["ASKED"] == 10
    assert 0 < results["FOUND"] < len(planes(values))
    assert set(places(stopped)) < set(planes(values))
    resumed = find(layer)
    assert (resumed["CACHED"], resumed["ASKED"]) == (10, resumed["TILES"] - 10)
    assert places(resumed["OUTPUT"]) == planes(values)


def test_a_run_that_loses_its_model_keeps_the_earlier_output(
    raster: Make, finder: ScriptedGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values, output = dotted(300, 200), str(tmp_path / "a.gpkg")
    values[1] //= 2  # so that another choice of bands makes other pictures
    layer = raster(values)
    find(layer, OUTPUT=output)

    def refuse(model: object) -> None:
        raise ServerError("The server stopped.")

    monkeypatch.setattr(answer_source, "open_backend", refuse)
    assert "The server stopped." in refusal(layer, OUTPUT=output, BANDS=[1])
    assert places(output) == planes(values)
