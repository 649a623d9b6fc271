"""The rows of one layer are read in slices, and read again when the layer changes; other layers are left alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsFeature, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication

from rsgpt_plugin.geo.results.layer_rows import LayerRow
from rsgpt_plugin.services.results.table_rows import TableRows
from tests.plugin.corrections import correct
from tests.plugin.results import fids, results_layer
from tests.plugin.waiting import wait_until

pytestmark = pytest.mark.usefixtures("qgis_new_project")


class TableSignals:
    """The signals of the rows of a table, in order."""

    def __init__(self) -> None:
        self.rows = TableRows()
        self.names: list[str] = []
        self.reads: list[list[LayerRow]] = []
        self.changes: list[list[LayerRow]] = []
        self.rows.began.connect(lambda: self.names.append("began"))
        self.rows.gone.connect(lambda: self.names.append("gone"))
        self.rows.read.connect(self._read)
        self.rows.changed.connect(self._changed)

    def _read(self, rows: list[LayerRow]) -> None:
        self.names.append("read")
        self.reads.append(list(rows))

    def _changed(self, rows: list[LayerRow]) -> None:
        self.names.append("changed")
        self.changes.append(list(rows))

    def follow(self, layer: QgsVectorLayer) -> None:
        self.rows.follow(layer)
        wait_until(lambda: self.reads)


@pytest.fixture
def table() -> Iterator[TableSignals]:
    table = TableSignals()
    yield table
    table.rows.follow(None)


def settle() -> None:
    """Wait longer than the delay after which a change is read."""
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        QCoreApplication.processEvents()
        time.sleep(0.01)


def captions(rows: list[LayerRow]) -> list[Any]:
    return [row.values[0] for row in rows]


def add_row(layer: QgsVectorLayer, caption: str) -> None:
    feature = QgsFeature(layer.fields())
    feature["caption"] = caption
    layer.dataProvider().addFeatures([feature])


@pytest.mark.parametrize("count", [0, 3, 500])
def test_all_rows_are_read_once(table: TableSignals, count: int) -> None:
    layer = results_layer([f"picture {number}" for number in range(count)])
    table.follow(layer)
    assert table.names == ["began", "read"]
    assert captions(table.reads[0]) == [f"picture {number}" for number in range(count)]
    assert table.rows.layer is layer
    assert table.rows.reader is not None
    assert [column.name for column in table.rows.reader.columns][:2] == ["caption", "cars"]


def test_rows_are_not_read_before_control_returns_to_the_event_loop(table: TableSignals) -> None:
    table.rows.follow(results_layer(["a"]))
    assert table.names == ["began"]


def test_a_changed_value_is_read_alone(table: TableSignals) -> None:
    layer = results_layer(["a", "b", "c"])
    table.follow(layer)
    layer.dataProvider().changeAttributeValues({fids(layer)[1]: {0: "unseen"}})
    layer.attributeValueChanged.emit(fids(layer)[1], 0, "unseen")
    wait_until(lambda: table.changes)
    assert captions(table.changes[0]) == ["unseen"]
    assert table.names == ["began", "read", "changed"]


def test_changes_in_quick_succession_are_read_together(table: TableSignals) -> None:
    layer = results_layer(["a", "b", "c"])
    table.follow(layer)
    table.rows.refresh([fids(layer)[0]])
    table.rows.refresh(fids(layer)[1:])
    wait_until(lambda: table.changes)
    settle()
    (rows,) = table.changes
    assert sorted(captions(rows)) == ["a", "b", "c"]


@pytest.mark.parametrize("kind", ["memory", "GPKG"])
def test_a_correction_that_adds_columns_is_read_with_them(table: TableSignals, kind: str, tmp_path: Path) -> None:
    layer = results_layer(["a", "b"], kind, tmp_path)
    table.follow(layer)
    correct(layer, fids(layer)[0], "caption", "my words")
    wait_until(lambda: len(table.reads) == 2)
    assert captions(table.reads[1]) == ["my words", "b"]
    assert table.reads[1][0].models == {"caption": "a"}


def test_added_and_deleted_rows_are_read(table: TableSignals) -> None:
    layer = results_layer(["a", "b"])
    table.follow(layer)
    layer.startEditing()
    layer.deleteFeature(fids(layer)[0])
    wait_until(lambda: len(table.reads) == 2)
    assert captions(table.reads[1]) == ["b"]
    layer.rollBack()
    wait_until(lambda: len(table.reads) == 3)
    assert captions(table.reads[2]) == ["a", "b"]


def test_rows_that_a_provider_adds_without_a_signal_are_read_at_the_next_repaint(table: TableSignals) -> None:
    layer = results_layer(["a"])
    table.follow(layer)
    layer.triggerRepaint()
    settle()
    assert len(table.reads) == 1  # the number of rows is the same
    add_row(layer, "b")
    layer.triggerRepaint()
    wait_until(lambda: len(table.reads) == 2)
    assert captions(table.reads[1]) == ["a", "b"]


def test_another_layer_replaces_the_first_one(table: TableSignals) -> None:
    first, second = results_layer(["a"]), results_layer(["b"])
    table.rows.follow(first)
    table.rows.follow(second)
    wait_until(lambda: table.reads)
    settle()
    assert [captions(rows) for rows in table.reads] == [["b"]]
    first.dataChanged.emit()
    settle()
    assert len(table.reads) == 1


def test_without_a_layer_nothing_is_read(table: TableSignals) -> None:
    layer = results_layer(["a"])
    table.follow(layer)
    table.rows.refresh(fids(layer))
    table.rows.follow(None)
    layer.dataChanged.emit()
    settle()
    assert table.names == ["began", "read"]
    assert table.rows.layer is None


def test_a_deleted_layer_is_announced_and_forgotten(table: TableSignals) -> None:
    layer = results_layer(["a"])
    table.follow(layer)
    table.rows.refresh(fids(layer))
    QgsProject.instance().removeMapLayer(layer)
    assert table.names == ["began", "read", "gone"]
    assert table.rows.layer is None
    settle()
    assert table.names == ["began", "read", "gone"]


def test_a_deleted_layer_that_was_being_read_is_not_read_to_its_end(table: TableSignals) -> None:
    layer = results_layer(["a"] * 500)
    table.rows.follow(layer)
    QgsProject.instance().removeMapLayer(layer)
    settle()
    assert table.names == ["began", "gone"]
