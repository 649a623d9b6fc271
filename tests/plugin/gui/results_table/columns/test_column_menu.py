"""The menu of a column heading hides columns, and its entries can be used."""

from __future__ import annotations

from qgis.core import QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QMenu

from rsgpt_plugin.gui.results_table.columns.values_dialog import ValuesDialog
from rsgpt_plugin.gui.results_table.results_dock import ResultsDock
from tests.plugin.gui.table_use import CAPTION, CARS, TREES, click, enter, opened
from tests.plugin.results import fids, results_layer
from tests.plugin.waiting import wait_until


def labels(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if action.text()]


def trigger(dock: ResultsDock, number: int, label: str) -> None:
    (action,) = [action for action in dock.view.column_menu.menu_of(number).actions() if action.text() == label]
    assert action.isEnabled()
    action.trigger()


def test_a_hidden_column_stays_hidden_after_a_correction(dock: ResultsDock) -> None:
    opened(dock, results_layer(["a", "b"]))
    trigger(dock, CARS, "Hide column")
    assert dock.view.isColumnHidden(CARS)
    enter(dock, 0, "a quay")
    assert dock.view.isColumnHidden(CARS)
    assert not dock.view.isColumnHidden(TREES)
    trigger(dock, TREES, "Show all columns")
    assert not dock.view.isColumnHidden(CARS)
    opened(dock, results_layer(["c"]))


def test_another_layer_shows_all_columns(dock: ResultsDock) -> None:
    opened(dock, results_layer(["a", "b"]))
    trigger(dock, CARS, "Hide column")
    layer = opened(dock, results_layer(["c"]))
    wait_until(lambda: dock.layer is layer and dock.model.rowCount() == 1)
    assert not dock.view.isColumnHidden(CARS)


def test_cells_offer_the_same_menu_for_the_keyboard(dock: ResultsDock) -> None:
    opened(dock, results_layer(["a"]))
    menu = dock.view.menu_of(dock.model.index(0, TREES))
    (column,) = [action.menu() for action in menu.actions() if action.menu() is not None]
    assert labels(column) == labels(dock.view.column_menu.menu_of(TREES))
    assert labels(column)[-4:] == [
        "Style map by this", "Count and filter by value…", "Hide column", "Show all columns",
    ]  # fmt: skip


def test_sorting_by_confidence_shows_the_arrow(dock: ResultsDock) -> None:
    opened(dock, results_layer(["a", "b", "c"]))
    trigger(dock, CAPTION, "Sort by confidence, highest first")
    assert [dock.model.row_at(line).values[0] for line in range(3)] == ["c", "b", "a"]
    header = dock.view.horizontalHeader()
    assert (header.sortIndicatorSection(), header.sortIndicatorOrder()) == (CAPTION, Qt.SortOrder.DescendingOrder)


def test_the_focus_leaves_a_hidden_column(dock: ResultsDock) -> None:
    opened(dock, results_layer(["a", "b"]))
    click(dock, 1, CARS)
    trigger(dock, CARS, "Hide column")
    assert (dock.view.currentIndex().row(), dock.view.currentIndex().column()) == (1, TREES)


def test_a_column_of_lists_cannot_be_a_style_and_can_be_a_filter(dock: ResultsDock) -> None:
    layer = results_layer(["a", "b"])
    layer.dataProvider().addAttributes(QgsVectorLayer("None?field=tags:string[]", "lists", "memory").fields().toList())
    layer.updateFields()
    layer.dataProvider().changeAttributeValues({fids(layer)[0]: {layer.fields().indexOf("tags"): ["x", "y"]}})
    opened(dock, layer)
    wait_until(lambda: dock.model.number_of("tags") > 0)
    number = dock.model.number_of("tags")
    styles = {
        n: action.isEnabled()
        for n in (CARS, number)
        for action in dock.view.column_menu.menu_of(n).actions()
        if action.text() == "Style map by this"
    }
    assert styles == {CARS: True, number: False}
    dock.values.open_dialog("tags")
    wait_until(lambda: bool(dock.view.findChildren(ValuesDialog)))
    (dialog,) = dock.view.findChildren(ValuesDialog)
    QTest.mouseClick(dialog.show_rows, Qt.MouseButton.LeftButton)
    wait_until(lambda: dock.model.rowCount() == 1)
    assert dock.model.row_at(0).values[0] == "a"
