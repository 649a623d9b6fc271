"""The results table in a window: opening, its dialogs, and unloading."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsApplication, QgsMapLayer, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QDialogButtonBox, QDockWidget

from rsgpt_plugin.gui.results_table.export_dialog import ExportDialog
from rsgpt_plugin.gui.results_table.reask_dialog import ReaskDialog
from rsgpt_plugin.gui.results_table.results_part import ResultsTable
from rsgpt_plugin.services.results.exporting import ExportFormat
from tests.plugin.processing import conftest as scripted
from tests.plugin.processing.conftest import ScriptedGateway, number_in, numbered
from tests.plugin.results import fids, keep_pictures, results_layer
from tests.plugin.services.results.test_reask import described
from tests.plugin.test_plugin import PluginWindow
from tests.plugin.waiting import wait_until

gateway, project, provider, raster, weights = (
    scripted.gateway, scripted.project, scripted.provider, scripted.raster, scripted.weights,
)  # fmt: skip
pytestmark = pytest.mark.usefixtures("provider", "weights", "project")

OK = QDialogButtonBox.StandardButton.Ok


class Docks(PluginWindow):
    """A window that accepts docks."""

    def __init__(self) -> None:
        super().__init__()
        self.added: list[QDockWidget] = []

    def activeLayer(self) -> None:
        return None

    def addDockWidget(self, area: Qt.DockWidgetArea, dock: QDockWidget) -> None:
        self.added.append(dock)
        self.window.addDockWidget(area, dock)

    def removeDockWidget(self, dock: QDockWidget) -> None:
        self.added.remove(dock)
        self.window.removeDockWidget(dock)


@pytest.fixture
def window(qgis_app: Any) -> Docks:
    window = Docks()
    window.window.show()
    return window


@pytest.fixture
def table(window: Docks) -> Iterator[ResultsTable]:
    part = ResultsTable(window)
    part.register()
    yield part
    part.unregister()


def opened(table: ResultsTable, layer: QgsVectorLayer) -> QgsVectorLayer:
    table.open_for(layer)
    dock = table.dock
    assert dock is not None
    wait_until(lambda: len(dock.model.all_rows) == layer.featureCount())
    return layer


def dialog_of(window: Docks, kind: type) -> Any:
    (dialog,) = [child for child in window.window.findChildren(kind) if child.isVisible()]
    return dialog


def test_the_action_opens_and_closes_the_dock(window: Docks, table: ResultsTable) -> None:
    assert window.added == []
    table.action.trigger()
    (dock,) = window.added
    assert dock.isVisible()
    table.action.trigger()
    assert not dock.isVisible()
    table.open_for(results_layer(["a"]))
    assert (dock.isVisible(), table.action.isChecked(), len(window.added)) == (True, True, 1)
    dock.close()
    assert not table.action.isChecked()


def test_unregister_removes_dock_menu_and_button(window: Docks) -> None:
    for _ in range(3):
        part = ResultsTable(window)
        part.register()
        assert (len(window.menu), len(window.tools)) == (1, 1)
        opened(part, results_layer(["a"]))
        part.unregister()
        assert (window.added, window.menu, window.tools) == ([], [], [])
    QgsProject.instance().removeAllMapLayers()  # no signal is connected any more


def test_another_layer_does_not_open_the_table(window: Docks, table: ResultsTable) -> None:
    table.open_for(QgsVectorLayer("Point?crs=EPSG:32611", "other", "memory"))
    assert (window.added, table.action.isChecked()) == ([], False)


def test_zoom_shows_the_selected_rows(window: Docks, table: ResultsTable) -> None:
    layer = opened(table, results_layer(["a", "b", "c"]))
    window.canvas.setDestinationCrs(layer.crs())
    window.canvas.setLayers([layer])
    window.canvas.setExtent(layer.extent())
    layer.selectByIds([fids(layer)[2]])
    assert table.dock is not None
    QTest.mouseClick(table.dock.zoom, Qt.MouseButton.LeftButton)
    box = layer.getFeature(fids(layer)[2]).geometry().boundingBox()
    assert window.canvas.extent().contains(box)
    assert not window.canvas.extent().contains(layer.extent())


def test_selected_rows_are_asked_again_from_the_dialog(
    window: Docks, table: ResultsTable, raster: Callable[..., QgsRasterLayer], gateway: ScriptedGateway
) -> None:
    gateway.say = lambda prompt: "3" if "cars" in prompt.text else f"tile {number_in(prompt)}: {prompt.text}"
    layer = opened(table, described(raster(numbered(1, 3)), TILE_SIZE=32))
    dock = table.dock
    assert dock is not None
    layer.selectByIds([fids(layer)[1]])
    QTest.mouseClick(dock.reask, Qt.MouseButton.LeftButton)
    dialog = dialog_of(window, ReaskDialog)
    assert dialog.which.currentText() == "Selected rows (1)"
    assert "gives the same answer" in dialog.hint.text()
    dialog.same.setChecked(False)
    assert dialog.prompt.text() == "Describe this image."
    dialog.prompt.setText("What is this?")
    QTest.mouseClick(dialog.buttons.button(OK), Qt.MouseButton.LeftButton)
    assert dock.progress.isVisible()
    assert not dock.reask.isEnabled()
    wait_until(lambda: dock.model.row_at(1).values[0] == "tile 1: What is this?")
    wait_until(lambda: not dock.progress.isVisible())
    assert window.messages() == ["Asked again. Rows: 1."]
    assert dock.model.row_at(0).values[0] == "tile 0: Describe this image."


def test_the_dialog_explains_why_it_cannot_be_accepted(window: Docks, table: ResultsTable) -> None:
    layer = opened(table, results_layer(["a", "b"]))
    assert table.dock is not None
    dialog = ReaskDialog(layer, [], table.dock.model.shown_rows, window.window)
    ok = dialog.buttons.button(OK)
    assert (dialog.problem.text(), ok.isEnabled()) == ("Choose the raster layer that the rows refer to.", False)
    assert "not recorded" in dialog.hint.text()
    raster = QgsRasterLayer(str(Path(__file__).parents[4] / "resources" / "demo" / "scenes.tif"), "scenes")
    QgsProject.instance().addMapLayer(raster)
    dialog.raster.setLayer(raster)
    assert ok.isEnabled()
    dialog.same.setChecked(False)
    dialog.questions.menu.chosen.emit(None)
    row = dialog.questions.rows[-1]
    QTest.keyClicks(row.text, "How many boats?")
    QTest.keyClicks(row.name, "boats")
    assert dialog.problem.text() == "The layer has no answer column “boats”. It has: cars, trees."
    dialog.threshold.setValue(5)
    dialog.which.setCurrentIndex(dialog.which.findData("unsure"))
    assert [row.confidence for row in dialog.rows()] == [0.0]


def test_the_dialog_stays_small_and_open_while_questions_are_entered(window: Docks, table: ResultsTable) -> None:
    layer = opened(table, results_layer(["a"]))
    assert table.dock is not None
    dialog = ReaskDialog(layer, table.dock.model.shown_rows, table.dock.model.shown_rows, window.window)
    dialog.same.setChecked(False)
    dialog.questions.show_text("\n".join(f"use{number}[choice(a|b)]: Which?" for number in range(15)))
    assert dialog.minimumSizeHint().height() < 600
    dialog.show()
    QTest.keyClick(dialog.questions.rows[0].text, Qt.Key.Key_Return)
    assert dialog.isVisible()
    dialog.reject()


def test_the_dialog_closes_when_its_layer_is_removed(window: Docks, table: ResultsTable) -> None:
    layer = opened(table, results_layer(["a"]))
    assert table.dock is not None
    QTest.mouseClick(table.dock.reask, Qt.MouseButton.LeftButton)
    dialog_of(window, ReaskDialog)
    QgsProject.instance().removeMapLayer(layer)
    assert [child for child in window.window.findChildren(ReaskDialog) if child.isVisible()] == []
    results_layer(["b"])
    wait_until(lambda: table.dock is not None and table.dock.model.rowCount() == 1)


def test_filtered_rows_are_exported_from_the_dialog(window: Docks, table: ResultsTable, tmp_path: Path) -> None:
    opened(table, results_layer(["a harbour", "a field"]))
    keep_pictures([0])
    dock = table.dock
    assert dock is not None
    QTest.keyClicks(dock.filter.text, "harbour")
    wait_until(lambda: dock.model.rowCount() == 1)
    QTest.mouseClick(dock.export, Qt.MouseButton.LeftButton)
    dialog = dialog_of(window, ExportDialog)
    assert dialog.which.currentText() == "Rows shown (1)"
    dialog.format.setCurrentIndex(dialog.format.findData(ExportFormat.REPORT.value))
    assert not dialog.buttons.button(OK).isEnabled()
    dialog.file.setFilePath(str(tmp_path / "report"))
    QTest.mouseClick(dialog.buttons.button(OK), Qt.MouseButton.LeftButton)
    wait_until(lambda: bool(window.messages()))
    path = tmp_path / "report.html"
    assert window.messages() == [f'Exported to <a href="{path.as_uri()}">{path}</a>. Rows: 1.']
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "a harbour" in page
    assert "a field" not in page


def test_the_questions_of_ask_again_follow_its_model(
    window: Docks, raster: Callable[..., QgsRasterLayer], gateway: ScriptedGateway
) -> None:
    part = ResultsTable(window)
    part.register()
    layer: QgsMapLayer = opened(part, described(raster(numbered(1, 3)), TILE_SIZE=32))
    assert part.dock is not None
    dialog = ReaskDialog(layer, part.dock.model.shown_rows, part.dock.model.shown_rows, window.window)
    dialog.same.setChecked(False)
    dialog.questions.show_text("why: Why is it red?")
    dialog.model.setCurrentText("rsgpt-small")
    assert dialog.questions.rows[0].problem.text() == "rsgpt-small cannot tell a reason from a picture"
    dialog.model.setCurrentText("another")
    assert dialog.questions.rows[0].problem.text() == ""
    part.unregister()


def test_unregister_stops_asking_again(
    window: Docks, raster: Callable[..., QgsRasterLayer], gateway: ScriptedGateway
) -> None:
    part = ResultsTable(window)
    part.register()
    layer: QgsMapLayer = opened(part, described(raster(numbered(1, 3)), TILE_SIZE=32))
    assert part.dock is not None
    dialog = ReaskDialog(layer, part.dock.model.shown_rows, part.dock.model.shown_rows, window.window)
    dialog.same.setChecked(False)
    dialog.prompt.setText("What is this?")
    part._start_asking(dialog)
    part.unregister()
    wait_until(lambda: not QgsApplication.taskManager().activeTasks())
    assert window.messages() == []
