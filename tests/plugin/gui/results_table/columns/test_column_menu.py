"""The menu of a column heading hides columns, and its entries can be used."""

from __future__ import annotations

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QMenu

from rsgpt_plugin.gui.results_table.results_dock import ResultsDock
from tests.plugin.gui.table_use import CAPTION, CARS, TREES, enter, opened
from tests.plugin.results import results_layer
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
