"""Sorting, filtering and texts of the table model."""

from __future__ import annotations

from typing import Any

import pytest
from qgis.PyQt.QtCore import Qt

from rsgpt_plugin.geo.results.layer_rows import RowReader
from rsgpt_plugin.gui.results_table.arrangement import Review, RowFilter
from rsgpt_plugin.gui.results_table.rows_model import CONFIDENCE_ROLE, ResultsModel
from tests.plugin.corrections import correct
from tests.plugin.results import fids, results_layer
from tests.plugin.waiting import wait_until

pytestmark = pytest.mark.usefixtures("qgis_new_project")
UP, DOWN = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
CAPTION, CARS, TREES, CONFIDENCE = 1, 2, 3, 4


def model_of(captions: list[Any]) -> ResultsModel:
    layer = results_layer(captions)
    reader = RowReader(layer)
    model = ResultsModel(lambda sha256: None)
    model.set_rows(reader.columns, [reader.row(feature) for feature in layer.getFeatures()])
    return model


def column(model: ResultsModel, number: int) -> list[str]:
    return [model.index(line, number).data() for line in range(model.rowCount())]


def test_rows_without_a_value_come_last_both_ways() -> None:
    model = model_of(["b", None, "A", "c"])
    model.sort(CAPTION, UP)
    assert column(model, CAPTION) == ["A", "b", "c", ""]
    model.sort(CAPTION, DOWN)
    assert column(model, CAPTION) == ["c", "b", "A", ""]


def test_numbers_sort_as_numbers_and_answers_by_confidence() -> None:
    model = model_of(["x"] * 12)
    model.sort(CARS, DOWN)
    assert column(model, CARS)[:3] == ["11", "10", "9"]
    model.sort_by_confidence(TREES, UP)
    assert [model.index(line, TREES).data(CONFIDENCE_ROLE) for line in (0, 11)] == [pytest.approx(0.1), 1.0]


@pytest.mark.parametrize(
    ("wanted", "cars"),
    [
        (RowFilter("HARBOUR"), ["0", "2"]),
        (RowFilter("harbour boats"), ["2"]),
        (RowFilter("yes"), ["0", "2"]),
        (RowFilter(least=0.1), ["1", "2"]),
        (RowFilter(status="failed"), []),
        (RowFilter(status="answered"), ["0", "1", "2"]),
        (RowFilter(review=Review.CORRECTED), []),
        (RowFilter("("), []),
    ],
)
def test_filters_select_by_words_confidence_status_and_correction(wanted: RowFilter, cars: list[str]) -> None:
    model = model_of(["a harbour", "a field", "boats in the Harbour"])
    model.set_filter(wanted)
    assert column(model, CARS) == cars


def test_filter_and_order_apply_to_new_rows() -> None:
    layer = results_layer(["b", "a", "field"])
    reader = RowReader(layer)
    model = ResultsModel(lambda sha256: None)
    rows = [reader.row(feature) for feature in layer.getFeatures()]
    model.set_rows(reader.columns, rows)
    model.sort(CAPTION, UP)
    model.set_filter(RowFilter("answered"))
    model.set_rows(reader.columns, rows[:2])
    assert column(model, CAPTION) == ["a", "b"]


def test_tooltips_escape_markup_of_a_model() -> None:
    model = model_of(["<img src=x>"])
    tip = model.index(0, CAPTION).data(Qt.ItemDataRole.ToolTipRole)
    assert "<img" not in tip
    assert "&lt;img" in tip
    assert "0 % sure" in tip


def test_corrected_rows_are_in_italics_and_pass_the_filter() -> None:
    layer = results_layer(["a", "b"])
    correct(layer, fids(layer)[1], "caption", "c")
    reader = RowReader(layer)
    model = ResultsModel(lambda sha256: None)
    model.set_rows(reader.columns, [reader.row(feature) for feature in layer.getFeatures()])
    model.set_filter(RowFilter(review=Review.CORRECTED))
    index = model.index(0, CAPTION)
    assert model.rowCount() == 1
    assert index.data(Qt.ItemDataRole.FontRole).italic()
    assert "The model said: b" in index.data(Qt.ItemDataRole.ToolTipRole)


def test_a_corrected_row_shows_the_status_that_the_filter_uses() -> None:
    layer = results_layer(["a", "b"])
    layer.dataProvider().changeAttributeValues({fids(layer)[1]: {layer.fields().indexOf("status"): "unsure"}})
    correct(layer, fids(layer)[1], "caption", "c")
    reader = RowReader(layer)
    model = ResultsModel(lambda sha256: None)
    model.set_rows(reader.columns, [reader.row(feature) for feature in layer.getFeatures()])
    model.set_filter(RowFilter(status="unsure"))
    assert column(model, CONFIDENCE + 1) == ["unsure, corrected"]


def test_only_answers_of_the_model_can_be_edited() -> None:
    model = model_of(["a"])
    editable = [bool(model.flags(model.index(0, n)) & Qt.ItemFlag.ItemIsEditable) for n in range(model.columnCount())]
    assert editable == [False, True, True, True, False, False]


def test_header_tooltips_describe_the_columns() -> None:
    model = model_of(["a"])
    tips = [model.headerData(n, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole) for n in (0, CAPTION, CARS)]
    assert tips == [None, "the description", None]
    assert model.headerData(CONFIDENCE, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole).startswith("confidence")


def test_many_rows_are_arranged_while_the_window_stays_responsive() -> None:
    layer = results_layer(["a", "b"])
    reader = RowReader(layer)
    model = ResultsModel(lambda sha256: None)
    first, second = (reader.row(feature) for feature in layer.getFeatures())
    many = [(first, second)[number % 2]._replace(fid=number) for number in range(20_000)]
    model.set_rows(reader.columns, many)
    wait_until(lambda: model.rowCount() == 20_000)
    model.sort(CAPTION, Qt.SortOrder.DescendingOrder)
    assert model.row_at(0).values[0] == "a"  # not yet
    model.update_rows([many[0]._replace(values=("z", *many[0].values[1:]))])
    wait_until(lambda: model.row_at(2).values[0] == "b")
    assert model.row_at(0).values[0] == "z"
    assert [model.row_at(line).values[0] for line in (1, 10_000, 10_001, 19_999)] == ["b", "b", "a", "a"]
    model.set_filter(RowFilter("nothing like this"))
    wait_until(lambda: model.rowCount() == 0)
    assert model.line_of(5) is None
