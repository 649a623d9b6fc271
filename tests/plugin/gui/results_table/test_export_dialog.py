"""The export dialog offers the groups of rows that differ, and gives the destination its file extension."""

from __future__ import annotations

from pathlib import Path

import pytest
from qgis.gui import QgsFileWidget
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QDialogButtonBox, QPushButton

from rsgpt_plugin.geo.results.layer_rows import LayerRow, RowReader
from rsgpt_plugin.gui.results_table.export_dialog import ExportDialog
from rsgpt_plugin.services.results.exporting import ExportDestination, ExportFormat
from tests.plugin.results import results_layer

pytestmark = pytest.mark.usefixtures("qgis_new_project")


@pytest.fixture
def rows() -> list[LayerRow]:
    layer = results_layer(["a", "b", "c"])
    reader = RowReader(layer)
    return [reader.row(feature) for feature in layer.getFeatures()]


@pytest.fixture
def dialog(rows: list[LayerRow]) -> ExportDialog:
    return ExportDialog(rows, rows, [])


def choose(dialog: ExportDialog, kind: ExportFormat) -> None:
    dialog.format.setCurrentIndex(dialog.format.findData(kind.value))


def ok(dialog: ExportDialog) -> QPushButton:
    return dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)


def groups(dialog: ExportDialog) -> list[str]:
    return [dialog.which.itemText(number) for number in range(dialog.which.count())]


def test_groups_of_rows_that_differ_are_offered_smallest_first(rows: list[LayerRow]) -> None:
    dialog = ExportDialog(rows, rows[:2], rows[:1])
    assert groups(dialog) == ["Selected rows (1)", "Rows shown (2)", "All rows (3)"]
    for number in range(3):
        dialog.which.setCurrentIndex(number)
        assert dialog.rows() == rows[: number + 1]


@pytest.mark.parametrize(
    ("shown", "selected", "expected"),
    [
        (3, 0, ["All rows (3)"]),
        (3, 2, ["Selected rows (2)", "All rows (3)"]),
        (0, 0, ["Rows shown (0)", "All rows (3)"]),
    ],
)
def test_equal_and_empty_groups_are_left_out(
    rows: list[LayerRow], shown: int, selected: int, expected: list[str]
) -> None:
    dialog = ExportDialog(rows, rows[:shown], rows[:selected])
    assert groups(dialog) == expected
    assert dialog.rows() == (rows[:selected] if selected else rows[:shown])


def test_every_format_is_offered_once(dialog: ExportDialog) -> None:
    values = [dialog.format.itemData(number) for number in range(dialog.format.count())]
    assert sorted(values) == sorted(kind.value for kind in ExportFormat)
    assert ExportFormat(values[0]) is ExportFormat.GEOPACKAGE


@pytest.mark.parametrize(
    ("kind", "typed", "path"),
    [
        (ExportFormat.GEOPACKAGE, "/data/out", "/data/out.gpkg"),
        (ExportFormat.GEOPACKAGE, "/data/out.gpkg", "/data/out.gpkg"),
        (ExportFormat.GEOPACKAGE, " /data/OUT.GPKG ", "/data/OUT.GPKG"),
        (ExportFormat.SHEET, "/data/v1.2", "/data/v1.2.csv"),
        (ExportFormat.GEOJSON, "/data/out.gpkg", "/data/out.gpkg.geojson"),
        (ExportFormat.REPORT, "/data/out", "/data/out.html"),
        (ExportFormat.DATASET, "/data/set.v2", "/data/set.v2"),
    ],
)
def test_a_missing_extension_is_added(dialog: ExportDialog, kind: ExportFormat, typed: str, path: str) -> None:
    choose(dialog, kind)
    dialog.file.setFilePath(typed)
    assert dialog.destination() == ExportDestination(kind, Path(path))


@pytest.mark.parametrize("kind", list(ExportFormat))
def test_a_data_set_is_a_folder_and_every_other_format_a_file(dialog: ExportDialog, kind: ExportFormat) -> None:
    choose(dialog, kind)
    modes = QgsFileWidget.StorageMode
    is_folder = kind is ExportFormat.DATASET
    assert dialog.file.storageMode() == (modes.GetDirectory if is_folder else modes.SaveFile)
    assert dialog.file.filter() == ("" if is_folder else f"*{kind.value}")


def test_every_format_has_its_own_description(dialog: ExportDialog) -> None:
    texts = set()
    for kind in ExportFormat:
        choose(dialog, kind)
        texts.add(dialog.about.text())
    assert len(texts) == len(ExportFormat)
    assert "" not in texts


@pytest.mark.parametrize(("typed", "is_enabled"), [("", False), ("  ", False), ("/data/out", True)])
def test_the_dialog_is_accepted_only_with_a_destination(dialog: ExportDialog, typed: str, is_enabled: bool) -> None:
    accepted: list[bool] = []
    dialog.accepted.connect(lambda: accepted.append(True))
    dialog.file.setFilePath(typed)
    assert ok(dialog).isEnabled() is is_enabled
    QTest.mouseClick(ok(dialog), Qt.MouseButton.LeftButton)
    assert accepted == [True] * is_enabled


def test_a_destination_that_is_removed_again_disables_the_dialog(dialog: ExportDialog) -> None:
    dialog.file.setFilePath("/data/out")
    dialog.file.setFilePath("")
    choose(dialog, ExportFormat.SHEET)
    assert not ok(dialog).isEnabled()
