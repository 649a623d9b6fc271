"""Outputs of runs keep their style and description in the file, for new projects and further runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import processing
import pytest
from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)

from rsgpt_plugin.errors import OutputError
from rsgpt_plugin.processing.output import sink
from tests.plugin.processing.conftest import numbered

pytestmark = pytest.mark.usefixtures("provider", "gateway")

Make = Callable[..., QgsRasterLayer]


def describe(layer: QgsRasterLayer, out: Path, questions: str = "") -> QgsVectorLayer:
    """Run the algorithm into a file, and return its layer as QGIS adds it to a project."""
    parameters = {"INPUT": layer, "TILE_SIZE": 32, "QUESTIONS": questions, "OUTPUT": str(out)}
    processing.run("rsgpt:describeraster", parameters)
    return opened(out)


def opened(out: Path) -> QgsVectorLayer:
    layer = QgsProject.instance().addMapLayer(QgsVectorLayer(f"{out}|layername={out.stem}", "opened", "ogr"))
    assert layer.isValid()
    return layer


def test_a_file_carries_its_style_and_describes_its_run(raster: Make, tmp_path: Path) -> None:
    layer = raster(numbered(2, 2))
    layer.setName("https://host/a.tif?token=abcdef")
    shown = describe(layer, tmp_path / "out.gpkg", "n[integer]: Which number?")
    assert shown.renderer().type() == "RuleRenderer"
    assert "caption" in shown.mapTipTemplate()
    text = shown.metadata().abstract()
    assert text.splitlines()[1:3] == ["Raster: https://host/a.tif", "Model: rsgpt-small"]
    assert text.splitlines()[-1] == "n[integer]: Which number?"


def test_a_further_run_updates_our_style_and_keeps_that_of_the_user(raster: Make, tmp_path: Path) -> None:
    layer, out = raster(numbered(2, 2)), tmp_path / "out.gpkg"
    assert '"n"' not in describe(layer, out).mapTipTemplate()
    shown = describe(layer, out, "n[integer]: Which number?")
    assert '"n"' in shown.mapTipTemplate()
    assert shown.listStylesInDatabase()[0] == 1
    shown.setMapTipTemplate("mine")
    assert shown.saveStyleToDatabase("", "my style", True, "") == ""
    again = describe(layer, out, "m[integer]: Which other number?")
    assert again.mapTipTemplate() == "mine"
    assert "Which other number?" in again.metadata().abstract()


def test_a_style_that_cannot_be_stored_does_not_fail_the_run(
    raster: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: str, description: str) -> None:
        raise OutputError("locked by another program")

    monkeypatch.setattr(sink, "store_style", refuse)
    feedback = QgsProcessingFeedback()
    parameters = {"INPUT": raster(numbered(2, 2)), "TILE_SIZE": 32, "OUTPUT": str(tmp_path / "out.gpkg")}
    processing.run("rsgpt:describeraster", parameters, feedback=feedback)
    assert "locked by another program" in feedback.textLog()
    assert opened(tmp_path / "out.gpkg").featureCount() == 4


@pytest.mark.parametrize(
    ("given", "name", "is_forced"), [("", "raster: answers", True), ("my results", "my results", False)]
)
@pytest.mark.parametrize("file", ["TEMPORARY_OUTPUT", "out.gpkg"])
def test_the_layer_is_named_after_the_raster(
    raster: Make, tmp_path: Path, file: str, given: str, name: str, is_forced: bool
) -> None:
    """QGIS names a layer after its file unless the name is forced."""
    sink = str(tmp_path / file) if file.endswith(".gpkg") else file
    output = QgsProcessingOutputLayerDefinition(sink, QgsProject.instance())
    output.destinationName = given
    context = QgsProcessingContext()
    parameters = {"INPUT": raster(numbered(2, 2)), "TILE_SIZE": 32, "OUTPUT": output}
    processing.run("rsgpt:describeraster", parameters, context=context)
    loaded = context.layersToLoadOnCompletion().values()
    assert [(details.name, details.forceName) for details in loaded] == [(name, is_forced)]
