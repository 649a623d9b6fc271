"""`rsgpt:search` in the modeler, in batch mode, and on its own results, with a scripted model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import processing
import pytest
from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingParameterRasterLayer,
    QgsProcessingUtils,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)

from rsgpt_plugin.processing.searching import search_algorithm
from tests.plugin.processing.conftest import numbered, rows_of

from .conftest import MODEL, SearchingModel

MakeRaster = Callable[..., QgsRasterLayer]


@pytest.fixture(autouse=True)
def model(searching: SearchingModel, provider: Any, settings: None, monkeypatch: pytest.MonkeyPatch) -> SearchingModel:
    """The scripted model, chosen in the options."""
    monkeypatch.setattr(search_algorithm, "chosen_model", lambda typed="": MODEL)
    return searching


def test_a_model_of_the_modeler(raster: MakeRaster) -> None:
    source = QgsProcessingModelChildParameterSource
    child = QgsProcessingModelChildAlgorithm("rsgpt:search")
    child.setChildId("search")
    child.addParameterSources("INPUT", [source.fromModelParameter("RASTER")])
    child.addParameterSources("QUERY", [source.fromExpression("'4'")])
    child.addParameterSources("TILE_SIZE", [source.fromStaticValue(32)])
    output = QgsProcessingModelOutput("found", "found")
    output.setChildId("search")
    output.setChildOutputName("OUTPUT")
    child.setModelOutputs({"found": output})
    model = QgsProcessingModelAlgorithm("find", "tests")
    model.addChildAlgorithm(child)
    parameter = QgsProcessingParameterRasterLayer("RASTER", "raster")
    model.addModelParameter(parameter, QgsProcessingModelParameter("RASTER"))
    model.initAlgorithm()
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback(False)
    context.setProject(QgsProject.instance())
    values = {"RASTER": raster(numbered(2, 3)).id(), "search:found": "TEMPORARY_OUTPUT"}
    results, succeeded = model.run(values, context, feedback)
    assert succeeded, feedback.textLog()
    rows = rows_of(QgsProcessingUtils.mapLayerFromString(results["found"], context))
    assert [row["rank"] for row in rows] == list(range(1, 7))
    assert results["CHILD_RESULTS"]["search"]["SEARCHED"] == 6


def test_rows_of_the_batch_dialog(raster: MakeRaster, model: SearchingModel, tmp_path: Path) -> None:
    """The dialog passes texts, and "" for what is left empty."""
    layer = raster(numbered(2, 3))
    for words in ("4", "0"):
        texts = {"INPUT": layer.source(), "QUERY": words, "LIKE": "", "EXTENT": "", "TOP": "2", "MODEL": ""}
        output = str(tmp_path / f"{words}.gpkg")
        processing.run("rsgpt:search", {**texts, "TILE_SIZE": "32", "MINIMUM": "0", "OUTPUT": output})
        rows = rows_of(QgsVectorLayer(output, words))
        assert [(row["rank"], row["prompt"]) for row in rows] == [(1, words), (2, words)]
    assert len(model.asked) == 6


def test_a_search_among_results_of_a_search_replaces_their_scores(raster: MakeRaster, tmp_path: Path) -> None:
    first = str(tmp_path / "first.gpkg")
    values = {"QUERY": "4", "TILE_SIZE": 32}
    processing.run("rsgpt:search", {**values, "INPUT": raster(numbered(2, 3)), "OUTPUT": first})
    layer = QgsProject.instance().addMapLayer(QgsVectorLayer(first, "first"))
    again = {**values, "INPUT": layer, "QUERY": "0", "OUTPUT": "TEMPORARY_OUTPUT"}
    found = processing.run("rsgpt:search", again)["OUTPUT"]
    scores = [name for name in found.fields().names() if name.startswith(("similarity", "rank"))]
    assert scores == ["similarity", "rank"]
    rows, former = rows_of(found), {row["image_sha256"]: row for row in rows_of(layer)}
    assert [row["rank"] for row in rows] == list(range(1, 7))
    assert [former[row["image_sha256"]]["rank"] for row in rows] != list(range(1, 7))
