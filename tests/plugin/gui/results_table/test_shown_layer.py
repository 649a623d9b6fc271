"""Which layer the results table shows, and what it says about layers that it does not show."""

from __future__ import annotations

from pathlib import Path

import pytest
from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProject, QgsVectorLayer

from rsgpt_plugin.gui.results_table.results_dock import ResultsDock
from rsgpt_plugin.gui.results_table.results_part import ResultsTable
from rsgpt_plugin.processing.output.result_styler import ResultStyler
from tests.plugin.found_objects import objects_layer
from tests.plugin.gui.results_table import test_results_part as part
from tests.plugin.gui.results_table.test_results_part import Docks, opened
from tests.plugin.results import fids, results_layer

table, window = part.table, part.window
pytestmark = pytest.mark.usefixtures("qgis_new_project")


def test_a_layer_of_found_objects_is_explained(
    table: ResultsTable, window: Docks, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = objects_layer([("car", 0.9)])
    monkeypatch.setattr(window, "activeLayer", lambda: layer)
    table.action.setChecked(True)
    assert "holds found objects, not answers" in window.bar.currentItem().text()
    table.action.setChecked(False)
    window.bar.clearWidgets()
    monkeypatch.setattr(window, "activeLayer", lambda: results_layer(["a harbor"]))
    table.action.setChecked(True)
    assert window.bar.currentItem() is None


def test_an_open_table_follows_the_results_of_a_run(table: ResultsTable) -> None:
    opened(table, results_layer(["a"]))
    new = results_layer(["b", "c"])
    assert table.dock is not None
    assert table.dock.layer is not new
    ResultStyler().postProcessLayer(new, QgsProcessingContext(), QgsProcessingFeedback())
    assert table.dock.layer is new
    points = QgsProject.instance().addMapLayer(QgsVectorLayer("Point?crs=EPSG:32611", "other", "memory"))
    ResultStyler().postProcessLayer(points, QgsProcessingContext(), QgsProcessingFeedback())
    assert table.dock.layer is new


@pytest.mark.parametrize("use", ["cell", "dialog", "review", "session", "task"])
def test_a_table_in_use_keeps_its_layer(window: Docks, table: ResultsTable, use: str) -> None:
    layer, dock = opened(table, results_layer(["a"])), table.dock
    assert isinstance(dock, ResultsDock)
    if use == "cell":
        dock.view.edit(dock.model.index(0, 1))
    elif use == "dialog":
        dock.corrections.open_dialog("cars", fids(layer))
    elif use == "review":
        dock.review.open_at(0)
    elif use == "session":
        layer.startEditing()
    else:
        dock.show_progress(10.0)
    ResultStyler().postProcessLayer(results_layer(["b"]), QgsProcessingContext(), QgsProcessingFeedback())
    layer.rollBack()
    assert dock.layer is layer


def test_a_project_is_opened_with_the_table_that_was_open(window: Docks, table: ResultsTable, tmp_path: Path) -> None:
    project, files = QgsProject.instance(), [tmp_path / "open.qgz", tmp_path / "closed.qgz"]
    results_layer(["a"], "GPKG", tmp_path)
    opened(table, results_layer(["b", "c"], "ESRI Shapefile", tmp_path)).setName("second")
    assert project.write(str(files[0]))
    table.action.trigger()
    assert project.write(str(files[1]))
    project.clear()
    assert project.read(str(files[1]))
    assert not table.action.isChecked()
    assert project.read(str(files[0]))
    assert table.dock is not None
    assert table.dock.layer is not None
    assert (table.dock.isVisible(), table.dock.layer.name()) == (True, "second")
    project.clear()
