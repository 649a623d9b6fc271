"""The selection of the table and of its layer are the same, and the layer's takes precedence."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QItemSelectionModel, Qt
from qgis.PyQt.QtWidgets import QTableView

from rsgpt_plugin.geo.results.layer_rows import RowReader
from rsgpt_plugin.gui.results_table.arrangement import RowFilter
from rsgpt_plugin.gui.results_table.rows_model import ResultsModel
from rsgpt_plugin.gui.results_table.selection import SharedSelection
from tests.plugin.results import fids, results_layer

pytestmark = pytest.mark.usefixtures("qgis_new_project")
CAPTION = 1


class SelectionTable:
    """A table of one layer. lines: of the selection."""

    def __init__(self, captions: Sequence[str]) -> None:
        self.layer = results_layer(captions)
        self.model = ResultsModel(lambda sha256: None)
        self.view = QTableView()
        self.view.setModel(self.model)
        self.view.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.selection = SharedSelection(self.view, self.model)
        self.fill(self.layer)
        self.selection.follow(self.layer)
        self.fids = fids(self.layer)

    def fill(self, layer: QgsVectorLayer) -> None:
        reader = RowReader(layer)
        self.model.set_rows(reader.columns, [reader.row(feature) for feature in layer.getFeatures()])

    def select(self, *lines: int) -> None:
        self.view.clearSelection()
        for line in lines:
            index = self.model.index(line, 0)
            flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
            self.view.selectionModel().select(index, flags)

    @property
    def lines(self) -> list[int]:
        return sorted(index.row() for index in self.view.selectionModel().selectedRows())


@pytest.fixture
def table() -> SelectionTable:
    return SelectionTable(["cats", "apples", "dogs", "boats", "eggs"])


def test_rows_selected_in_the_table_are_selected_in_the_layer(table: SelectionTable) -> None:
    table.select(3, 0)
    assert sorted(table.layer.selectedFeatureIds()) == [table.fids[0], table.fids[3]]
    table.view.clearSelection()
    assert table.layer.selectedFeatureIds() == []


@pytest.mark.parametrize("lines", [[], [0], [4], [0, 1, 2], [0, 2, 4], [0, 1, 3, 4]])
def test_features_selected_in_the_layer_are_selected_in_the_table(table: SelectionTable, lines: list[int]) -> None:
    table.select(1)
    table.layer.selectByIds([table.fids[line] for line in lines])
    assert table.lines == lines


def test_whole_rows_are_selected(table: SelectionTable) -> None:
    table.layer.selectByIds([table.fids[1]])
    assert len(table.view.selectionModel().selectedIndexes()) == table.model.columnCount()


def test_fids_are_in_the_order_of_the_table(table: SelectionTable) -> None:
    table.model.sort(CAPTION, Qt.SortOrder.AscendingOrder)
    table.layer.selectByIds([table.fids[0], table.fids[2], table.fids[3]])
    assert table.selection.fids() == [table.fids[3], table.fids[0], table.fids[2]]  # boats, cats, dogs
    table.model.sort(CAPTION, Qt.SortOrder.DescendingOrder)
    assert table.selection.fids() == [table.fids[2], table.fids[0], table.fids[3]]


def test_rows_hidden_by_a_filter_stay_selected_in_the_layer(table: SelectionTable) -> None:
    chosen = [table.fids[0], table.fids[1]]
    table.layer.selectByIds(chosen)
    table.model.set_filter(RowFilter("apples"))
    assert table.selection.fids() == [table.fids[1]]
    assert sorted(table.layer.selectedFeatureIds()) == chosen
    table.model.set_filter(RowFilter())
    assert sorted(table.selection.fids()) == chosen


def test_the_table_scrolls_to_a_selection_of_the_layer() -> None:
    table = SelectionTable(["a"] * 500)
    table.view.resize(400, 200)
    table.view.show()
    assert table.view.rowAt(0) == 0
    table.layer.selectByIds([table.fids[400]])
    assert table.view.rowAt(0) > 300
    table.view.hide()


def test_another_layer_is_followed_in_place_of_the_first_one(table: SelectionTable) -> None:
    other = results_layer(["x", "y"])
    table.fill(other)
    table.selection.follow(other)
    table.layer.selectByIds([table.fids[0]])
    assert table.lines == []
    table.select(1)
    assert other.selectedFeatureIds() == [fids(other)[1]]
    assert table.layer.selectedFeatureIds() == [table.fids[0]]


def test_without_a_layer_the_table_keeps_a_selection_of_its_own(table: SelectionTable) -> None:
    table.selection.follow(None)
    table.select(2)
    assert table.layer.selectedFeatureIds() == []
    assert table.selection.fids() == [table.fids[2]]


def test_a_layer_that_is_being_deleted_is_forgotten(table: SelectionTable) -> None:
    table.layer.willBeDeleted.connect(table.selection.forget)
    QgsProject.instance().removeMapLayer(table.layer)
    table.select(0)
    table.selection.follow(None)
    assert table.lines == [0]
