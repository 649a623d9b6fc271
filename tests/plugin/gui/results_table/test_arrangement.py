"""Which rows pass a filter, and their order."""

from __future__ import annotations

import pytest
from qgis.PyQt.QtCore import Qt

from rsgpt_plugin.geo.results.layer_rows import LayerRow, RowReader
from rsgpt_plugin.gui.results_table.arrangement import RowFilter, Sorting
from tests.plugin.results import results_layer

pytestmark = pytest.mark.usefixtures("qgis_new_project")
DOWN = Qt.SortOrder.DescendingOrder
CAPTION, TREES = 0, 2


def rows() -> list[LayerRow]:
    layer = results_layer(["b", None, "A"])
    reader = RowReader(layer)
    return [reader.row(feature) for feature in layer.getFeatures()]


def test_rows_are_sorted_by_value_or_by_confidence() -> None:
    assert [row.values[CAPTION] for row in Sorting("caption").sorted(rows(), CAPTION)] == ["A", "b", None]
    assert [row.values[CAPTION] for row in Sorting("caption", DOWN).sorted(rows(), CAPTION)] == ["b", "A", None]
    by_confidence = Sorting("trees", by_confidence=True).sorted(rows(), TREES)
    assert [row.values[CAPTION] for row in by_confidence] == ["A", None, "b"]


def test_rows_without_a_column_to_sort_by_keep_their_order() -> None:
    assert [row.values[CAPTION] for row in Sorting("gone", DOWN).sorted(rows(), -1)] == ["b", None, "A"]


@pytest.mark.parametrize("order", [Qt.SortOrder.AscendingOrder, DOWN])
def test_many_rows_are_sorted_in_parts_as_at_once(order: Qt.SortOrder) -> None:
    row = rows()[0]
    values = [number * 7919 % 5003 if number % 9 else None for number in range(9000)]
    many = [row._replace(fid=fid, values=(value,)) for fid, value in enumerate(values)]
    present = [one for one in many if one.values[0] is not None]
    expected = sorted(present, key=lambda one: one.values[0], reverse=order == DOWN)
    found = Sorting("x", order).sorted(many, 0)
    assert [one.fid for one in found[: len(expected)]] == [one.fid for one in expected]
    assert [one.values[0] for one in found[len(expected) :]] == [None] * 1000


def test_a_filter_requires_all_words() -> None:
    assert [RowFilter("b answered").passes(row) for row in rows()] == [True, False, False]
