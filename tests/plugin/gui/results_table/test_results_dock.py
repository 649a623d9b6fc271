"""The results dock with real clicks and keys: selection, filter, corrections, and 5,000 rows without blocking."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QComboBox, QPlainTextEdit

from rsgpt_plugin.gui.results_table.arrangement import RowFilter
from rsgpt_plugin.gui.results_table.results_dock import ResultsDock
from tests.plugin.gui.gaps import Gaps
from tests.plugin.gui.table_use import CAPTION, CARS, TREES, click, opened
from tests.plugin.results import fids, keep_pictures, results_layer
from tests.plugin.waiting import wait_until

LEFT = Qt.MouseButton.LeftButton
MANY = 5000


def selected_lines(dock: ResultsDock) -> list[int]:
    return sorted(index.row() for index in dock.view.selectionModel().selectedRows())


def test_only_results_layers_are_listed(dock: ResultsDock) -> None:
    other = QgsVectorLayer("Point?crs=EPSG:32611", "other", "memory")
    QgsProject.instance().addMapLayer(other)
    layer = opened(dock, results_layer(["a"]))
    names = [dock.layers.itemText(number) for number in range(dock.layers.count())]
    assert names == ["No results layer", "answers"]
    QgsProject.instance().removeMapLayer(layer)
    assert (dock.layer, dock.model.rowCount()) == (None, 0)


def test_the_selection_is_shared_with_the_layer(dock: ResultsDock) -> None:
    layer = opened(dock, results_layer(["a", "b", "c"]))
    click(dock, 1, CAPTION)
    assert layer.selectedFeatureIds() == [fids(layer)[1]]
    click(dock, 2, CAPTION, keys=Qt.KeyboardModifier.ControlModifier)
    assert sorted(layer.selectedFeatureIds()) == fids(layer)[1:]
    layer.selectByIds([fids(layer)[0]])
    assert selected_lines(dock) == [0]
    layer.removeSelection()
    assert selected_lines(dock) == []


def test_the_selection_survives_a_sort_and_a_filter(dock: ResultsDock) -> None:
    layer = opened(dock, results_layer(["b", "a", "c"]))
    layer.selectByIds([fids(layer)[0]])
    dock.model.sort(CAPTION, Qt.SortOrder.AscendingOrder)
    assert selected_lines(dock) == [1]
    dock.model.set_filter(RowFilter("c"))
    assert selected_lines(dock) == []
    dock.model.set_filter(RowFilter())
    assert (selected_lines(dock), layer.selectedFeatureIds()) == ([1], [fids(layer)[0]])


def test_text_and_minimum_confidence_filter_the_rows(dock: ResultsDock) -> None:
    opened(dock, results_layer(["a harbour", "a field"]))
    QTest.keyClicks(dock.filter.text, "Field")
    wait_until(lambda: dock.model.rowCount() == 1)
    assert dock.filter.count.text() == "1 of 2 rows"
    dock.filter.text.clear()
    dock.filter.minimum.setValue(10)
    wait_until(lambda: dock.filter.count.text() == "1 of 2 rows" and dock.model.row_at(0).confidence == 0.1)


def test_a_caption_is_corrected_in_its_cell_and_restored(dock: ResultsDock) -> None:
    layer = opened(dock, results_layer(["a", "b"]))
    click(dock, 1, CAPTION, twice=True)
    (editor,) = dock.view.viewport().findChildren(QPlainTextEdit)
    QTest.keyClicks(editor, "a <b>quay</b>")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    wait_until(lambda: dock.model.row_at(1).values[0] == "a <b>quay</b>")
    feature = layer.getFeature(fids(layer)[1])
    assert (feature["caption"], feature["caption_model"]) == ("a <b>quay</b>", "b")
    menu = dock.view.menu_of(dock.model.index(1, CAPTION))
    (back,) = [action for action in menu.actions() if "Restore" in action.text()]
    back.trigger()
    wait_until(lambda: dock.model.row_at(1).values[0] == "b")
    assert dock.model.row_at(1).models == {}


def test_yes_is_corrected_to_no_in_a_combo_box(dock: ResultsDock) -> None:
    layer = opened(dock, results_layer(["a"]))
    click(dock, 0, TREES, twice=True)
    (editor,) = dock.view.viewport().findChildren(QComboBox)
    assert editor.currentText() == "yes"
    QTest.keyClick(editor, Qt.Key.Key_Down)
    QTest.keyClick(editor, Qt.Key.Key_Return)
    wait_until(lambda: layer.getFeature(fids(layer)[0])["trees"] is False)


def test_a_read_only_layer_gives_a_message(dock: ResultsDock) -> None:
    layer = opened(dock, results_layer(["a"]))
    layer.setReadOnly(True)
    messages: list[str] = []
    dock.problem.connect(messages.append)
    dock.model.setData(dock.model.index(0, CAPTION), "b", Qt.ItemDataRole.EditRole)
    assert "cannot be edited" in messages[0]


def test_a_double_click_on_the_picture_requests_a_zoom(dock: ResultsDock) -> None:
    opened(dock, results_layer(["a", "b"]))
    requested: list[list[int]] = []
    dock.zoom_requested.connect(lambda: requested.append(dock.selection.fids()))
    click(dock, 1, 0, twice=True)
    assert requested == [[dock.model.row_at(1).fid]]


def test_the_table_follows_the_layer(dock: ResultsDock, tmp_path: Path) -> None:
    layer = opened(dock, results_layer(["a", "b"], "GPKG", tmp_path))
    layer.startEditing()
    layer.changeAttributeValue(fids(layer)[0], layer.fields().indexOf("caption"), "z")
    wait_until(lambda: dock.model.row_at(0).values[0] == "z")
    layer.deleteFeature(fids(layer)[0])
    wait_until(lambda: dock.model.rowCount() == 1)
    layer.rollBack()
    wait_until(lambda: dock.model.rowCount() == 2 and dock.model.row_at(0).values[0] == "a")


def test_rows_added_by_the_data_provider_appear(dock: ResultsDock) -> None:
    layer = opened(dock, results_layer(["a"]))
    layer.dataProvider().addFeatures(list(layer.getFeatures()))
    layer.triggerRepaint()
    wait_until(lambda: dock.model.rowCount() == 2)


def test_stored_pictures_are_shown(dock: ResultsDock) -> None:
    keep_pictures([0])
    opened(dock, results_layer(["a", "b"]))

    def shown(line: int) -> bool:
        return dock.model.index(line, 0).data(Qt.ItemDataRole.DecorationRole) is not None

    wait_until(lambda: shown(0))
    assert not shown(1)


def test_many_rows_do_not_block_the_window(dock: ResultsDock, tmp_path: Path) -> None:
    layer = results_layer([f"row {number} of a long table" for number in range(MANY)], "GPKG", tmp_path)
    keep_pictures(range(0, MANY, 10))
    opened(dock, layer)  # exclude one-time initialization from the measurement
    assert min(blocked_s(dock, layer) for _ in range(3)) < 0.15


def blocked_s(dock: ResultsDock, layer: QgsVectorLayer) -> float:
    """Use a large table and return the longest work of the GUI thread at a time, in seconds."""
    bar, half = dock.view.verticalScrollBar(), fids(layer)[::2]
    gaps = Gaps()
    with gaps.stage("use"):
        opened(dock, layer)
        for step in range(60):
            bar.setValue(bar.maximum() * step // 60)
            QTest.qWait(5)
        for column in (CAPTION, CARS, TREES):
            dock.model.sort(column, Qt.SortOrder.DescendingOrder)
            QTest.qWait(60)
        dock.model.set_filter(RowFilter("row 4"))
        QTest.qWait(60)
        dock.model.set_filter(RowFilter())
        QTest.qWait(60)
        layer.selectByIds(half)
        QTest.qWait(60)
        dock.view.selectAll()
        QTest.qWait(60)
    assert layer.selectedFeatureCount() == dock.model.rowCount() == MANY
    return gaps.busiest["use"] / 1000
