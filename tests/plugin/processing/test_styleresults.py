"""`rsgpt:styleresults` styles a layer of the project and stores the style in its file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import processing
import pytest
from qgis.core import QgsProcessingException, QgsProcessingFeedback, QgsProject, QgsVectorLayer

from tests.plugin.results import results_layer

pytestmark = pytest.mark.usefixtures("provider")


@pytest.mark.parametrize("is_stored", [True, False])
def test_a_results_layer_is_styled(tmp_path: Path, is_stored: bool) -> None:
    layer = results_layer(["a harbor"], "GPKG", tmp_path)
    assert layer.renderer().type() == "singleSymbol"
    result = processing.run("rsgpt:styleresults", {"INPUT": layer, "STORE": is_stored})
    assert result["OUTPUT"] == layer.id()
    assert layer.renderer().type() == "RuleRenderer"
    again = QgsVectorLayer(layer.source(), "again", "ogr")
    assert bool(again.mapTipTemplate()) is is_stored


def test_a_layer_of_a_locked_file_is_styled_with_a_warning(tmp_path: Path) -> None:
    layer, feedback = results_layer(["a harbor"], "GPKG", tmp_path), QgsProcessingFeedback(False)
    with closing(sqlite3.connect(tmp_path / "answers.gpkg", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        processing.run("rsgpt:styleresults", {"INPUT": layer}, feedback=feedback)
    assert "being written by another program" in feedback.textLog()
    assert layer.renderer().type() == "RuleRenderer"


def test_a_layer_in_memory_is_styled_too() -> None:
    layer = results_layer(["a harbor"])
    processing.run("rsgpt:styleresults", {"INPUT": layer})
    assert "caption" in layer.mapTipTemplate()


def test_another_layer_is_refused() -> None:
    layer = QgsProject.instance().addMapLayer(QgsVectorLayer("Polygon?crs=EPSG:32611&field=a", "a", "memory"))
    with pytest.raises(QgsProcessingException, match="does not have the columns of results"):
        processing.run("rsgpt:styleresults", {"INPUT": layer})
