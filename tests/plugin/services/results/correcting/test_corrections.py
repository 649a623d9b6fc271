"""Corrections of answers and their removal, in memory layers, files and edit sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from qgis.core import NULL, QgsVectorLayer
from qgis.PyQt.QtCore import QDateTime

from rsgpt_plugin.errors import OutputError
from rsgpt_plugin.geo.results.styles.style import apply_style
from tests.plugin.corrections import correct, restore
from tests.plugin.results import fids, results_layer

pytestmark = pytest.mark.usefixtures("qgis_new_project")


@pytest.fixture(params=["memory", "GPKG", "session"])
def layer(request: pytest.FixtureRequest, tmp_path: Path) -> QgsVectorLayer:
    """A layer of two rows: in memory, in a file, and in a file with an open edit session."""
    layer = results_layer(["a harbour", None], "memory" if request.param == "memory" else "GPKG", tmp_path)
    if request.param == "session":
        assert layer.startEditing()
    return layer


def row(layer: QgsVectorLayer, number: int = 0) -> dict[str, Any]:
    feature = layer.getFeature(fids(layer)[number])
    return {name: None if feature[name] == NULL else feature[name] for name in layer.fields().names()}


def test_the_correction_columns_of_a_styled_layer_are_named() -> None:
    layer = results_layer(["a", "b"])
    apply_style(layer)
    correct(layer, fids(layer)[0], "caption", "c")
    names = ("caption", "caption_model", "corrected", "corrected_at")
    aliases = ["Caption", "Caption by the model", "Corrected", "Corrected at"]
    assert [layer.attributeAlias(layer.fields().indexOf(name)) for name in names] == aliases


def test_a_correction_keeps_the_model_s_answer(layer: QgsVectorLayer) -> None:
    editing = layer.isEditable()
    assert correct(layer, fids(layer)[0], "caption", "a marina")
    assert correct(layer, fids(layer)[0], "caption", "a small marina")
    cells = row(layer)
    assert (cells["caption"], cells["caption_model"], cells["corrected"]) == ("a small marina", "a harbour", "caption")
    assert isinstance(cells["corrected_at"], QDateTime)
    assert (row(layer, 1)["corrected"], row(layer, 1)["corrected_at"]) == (None, None)
    assert layer.isEditable() is editing


def test_corrections_keep_the_type_of_answers(layer: QgsVectorLayer) -> None:
    fid = fids(layer)[0]
    correct(layer, fid, "cars", 12)
    correct(layer, fid, "trees", False)
    cells = row(layer)
    assert (cells["cars"], cells["cars_model"], cells["trees"], cells["trees_model"]) == (12, 0, False, True)
    assert cells["corrected"] == "cars trees"


def test_restore_removes_the_correction_mark(layer: QgsVectorLayer) -> None:
    fid = fids(layer)[1]
    correct(layer, fid, "caption", "a quay")
    correct(layer, fid, "cars", 5)
    assert restore(layer, fid, "caption")
    assert (row(layer, 1)["caption"], row(layer, 1)["corrected"]) == (None, "cars")
    assert correct(layer, fid, "cars", 1)  # the model's answer
    cells = row(layer, 1)
    assert (cells["cars"], cells["cars_model"], cells["corrected"], cells["corrected_at"]) == (1, None, None, None)
    assert not restore(layer, fid, "cars")


def test_an_unchanged_value_is_no_correction(layer: QgsVectorLayer) -> None:
    before = layer.fields().names()
    assert not correct(layer, fids(layer)[0], "caption", "a harbour")
    assert not correct(layer, fids(layer)[1], "caption", None)
    assert layer.fields().names() == before


def test_an_edit_session_can_undo_a_correction(tmp_path: Path) -> None:
    layer = results_layer(["a harbour"], "GPKG", tmp_path)
    layer.startEditing()
    correct(layer, fids(layer)[0], "caption", "a marina")
    layer.undoStack().undo()
    assert (row(layer)["caption"], row(layer).get("corrected")) == ("a harbour", None)
    layer.undoStack().redo()
    assert layer.commitChanges()
    assert (row(layer)["caption"], row(layer)["caption_model"]) == ("a marina", "a harbour")


def test_a_correction_emits_attribute_value_changed() -> None:
    layer = results_layer(["a harbour"])
    changes: list[Any] = []
    layer.attributeValueChanged.connect(lambda fid, index, value: changes.append((fid, index, value)))
    correct(layer, fids(layer)[0], "caption", "a marina")
    assert (fids(layer)[0], layer.fields().indexOf("caption"), "a marina") in changes


def test_a_read_only_layer_is_reported_with_a_remedy() -> None:
    layer = results_layer(["a harbour"])
    layer.setReadOnly(True)
    with pytest.raises(OutputError, match="Export it as a GeoPackage"):
        correct(layer, fids(layer)[0], "caption", "a marina")
    assert row(layer)["caption"] == "a harbour"


def test_a_shapefile_that_would_truncate_column_names_is_not_changed(tmp_path: Path) -> None:
    layer = results_layer(["a harbour"], "ESRI Shapefile", tmp_path)
    before = layer.fields().names()
    with pytest.raises(OutputError, match="GeoPackage"):
        correct(layer, fids(layer)[0], "caption", "a marina")
    assert layer.fields().names() == before
