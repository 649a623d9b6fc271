"""Values and columns are written completely or not at all: in the edit session of a layer, else directly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from qgis.core import NULL, QgsField, QgsVectorLayer

from rsgpt_plugin.errors import OutputError
from rsgpt_plugin.geo.results.schema import field_of
from rsgpt_plugin.services.results.layer_edits import add_columns, write_values
from rsgpt_plugin.shared.results.columns import CORRECTED, column
from tests.plugin.results import fids, results_layer

pytestmark = pytest.mark.usefixtures("qgis_new_project")
CAPTIONS = ["a harbour", None, "boats"]
EXPORT = r"^The layer “answers” cannot be edited\. Export it as a GeoPackage, then edit the exported layer\."


@pytest.fixture(params=["memory", "GPKG", "session"])
def layer(request: pytest.FixtureRequest, tmp_path: Path) -> QgsVectorLayer:
    """A layer of three rows: in memory, in a file, and in a file with an open edit session."""
    layer = results_layer(CAPTIONS, "memory" if request.param == "memory" else "GPKG", tmp_path)
    if request.param == "session":
        assert layer.startEditing()
    return layer


def extra(name: str = CORRECTED) -> QgsField:
    field = field_of(column(CORRECTED))
    field.setName(name)
    return field


def values(layer: QgsVectorLayer, name: str) -> list[Any]:
    cells = [layer.getFeature(fid)[name] for fid in fids(layer)]
    return [None if value == NULL else value for value in cells]


def test_missing_columns_are_added_once_and_are_empty(layer: QgsVectorLayer) -> None:
    before, editing = layer.fields().names(), layer.isEditable()
    add_columns(layer, [extra(), extra("caption"), extra("note")])
    add_columns(layer, [extra()])
    assert layer.fields().names() == [*before, CORRECTED, "note"]
    assert values(layer, CORRECTED) == [None] * 3
    assert values(layer, "caption") == CAPTIONS
    assert layer.isEditable() is editing


def test_a_layer_that_has_the_columns_need_not_be_editable(layer: QgsVectorLayer) -> None:
    layer.setReadOnly(True)
    before = layer.fields().names()
    add_columns(layer, [extra("caption")])
    add_columns(layer, [])
    assert layer.fields().names() == before


@pytest.mark.parametrize("kind", ["memory", "GPKG"])
def test_columns_of_a_read_only_layer_are_refused(kind: str, tmp_path: Path) -> None:
    layer = results_layer(CAPTIONS, kind, tmp_path)
    layer.setReadOnly(True)
    before = layer.fields().names()
    with pytest.raises(OutputError, match=EXPORT):
        add_columns(layer, [extra()])
    assert layer.fields().names() == before


def test_only_names_that_a_shapefile_would_truncate_are_refused(tmp_path: Path) -> None:
    layer = results_layer(CAPTIONS, "ESRI Shapefile", tmp_path)
    before = layer.fields().names()
    with pytest.raises(OutputError, match=EXPORT):
        add_columns(layer, [extra(), extra("corrected_at")])
    assert layer.fields().names() == before
    add_columns(layer, [extra("ten_letter")])
    assert layer.fields().names() == [*before, "ten_letter"]


def test_values_of_several_rows_and_columns_are_written(layer: QgsVectorLayer) -> None:
    first, _, third = fids(layer)
    write_values(layer, {first: {"caption": "a marina", "cars": 5}, third: {"caption": None, "trees": False}}, "Edit")
    assert values(layer, "caption") == ["a marina", None, None]
    assert values(layer, "cars") == [5, 1, 2]
    assert values(layer, "trees") == [True, False, False]


def test_without_changes_nothing_is_written_or_refused(layer: QgsVectorLayer) -> None:
    layer.setReadOnly(True)
    write_values(layer, {}, "Edit")
    assert values(layer, "caption") == CAPTIONS


def test_each_written_value_is_announced(layer: QgsVectorLayer) -> None:
    announced: list[tuple[int, str, Any]] = []
    names = layer.fields().names()
    layer.attributeValueChanged.connect(lambda fid, index, value: announced.append((fid, names[index], value)))
    first, second, _ = fids(layer)
    write_values(layer, {first: {"caption": "a marina"}, second: {"cars": None}}, "Edit")
    assert [(fid, name, None if value == NULL else value) for fid, name, value in announced] == [
        (first, "caption", "a marina"),
        (second, "cars", None),
    ]


def test_the_layer_is_drawn_again(layer: QgsVectorLayer) -> None:
    repaints: list[bool] = []
    layer.repaintRequested.connect(repaints.append)
    write_values(layer, {fids(layer)[0]: {"caption": "a marina"}}, "Edit")
    assert repaints


def test_an_edit_session_gets_one_undo_step_with_the_label(tmp_path: Path) -> None:
    layer = results_layer(CAPTIONS, "GPKG", tmp_path)
    layer.startEditing()
    write_values(layer, {fid: {"caption": "a marina", "cars": 7} for fid in fids(layer)}, "Ask again")
    assert (layer.undoStack().count(), layer.undoStack().undoText()) == (1, "Ask again")
    layer.undoStack().undo()
    assert (values(layer, "caption"), values(layer, "cars")) == (CAPTIONS, [0, 1, 2])


def test_an_edit_session_that_is_rolled_back_leaves_the_file_unchanged(tmp_path: Path) -> None:
    layer = results_layer(CAPTIONS, "GPKG", tmp_path)
    layer.startEditing()
    write_values(layer, {fids(layer)[0]: {"caption": "a marina"}}, "Edit")
    copy = QgsVectorLayer(layer.source(), "copy")
    assert values(copy, "caption") == CAPTIONS
    assert layer.rollBack()
    assert values(layer, "caption") == CAPTIONS


@pytest.mark.parametrize("kind", ["memory", "GPKG"])
def test_values_of_a_read_only_layer_are_refused(kind: str, tmp_path: Path) -> None:
    layer = results_layer(CAPTIONS, kind, tmp_path)
    layer.setReadOnly(True)
    with pytest.raises(OutputError, match=EXPORT):
        write_values(layer, {fids(layer)[0]: {"caption": "a marina"}}, "Edit")
    assert values(layer, "caption") == CAPTIONS


def test_an_edit_session_that_refuses_one_value_is_left_unchanged(tmp_path: Path) -> None:
    layer = results_layer(CAPTIONS, "GPKG", tmp_path)
    layer.startEditing()
    first = fids(layer)[0]
    with pytest.raises(OutputError, match=EXPORT):
        write_values(layer, {first: {"caption": "a marina", "no_such_column": 1}}, "Edit")
    assert values(layer, "caption") == CAPTIONS
    assert layer.undoStack().count() == 0
