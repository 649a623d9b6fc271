"""Exports as tasks: what they may replace, what they report, and what they leave behind."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from qgis.core import QgsVectorLayer

from rsgpt_plugin.errors import OutputError
from rsgpt_plugin.geo.results.layer_rows import RowReader
from rsgpt_plugin.services.results import exporting
from rsgpt_plugin.services.results.exporting import ExportDestination, ExportFormat
from tests.plugin.results import fids, keep_pictures, results_layer
from tests.plugin.waiting import wait_until

pytestmark = pytest.mark.usefixtures("qgis_new_project")


def export(layer: QgsVectorLayer, kind: ExportFormat, path: Path, numbers: list[int] | None = None) -> str:
    """Export the rows with these numbers in that order; return the message."""
    reader = RowReader(layer)
    rows = [reader.row(layer.getFeature(fid)) for fid in fids(layer)]
    rows = [rows[number] for number in numbers] if numbers is not None else rows
    messages: list[str] = []
    task = exporting.export(layer, reader.columns, rows, ExportDestination(kind, path))
    task.done.connect(messages.append)
    task.failed.connect(lambda message, details: messages.append(message))
    task.start()
    wait_until(lambda: bool(messages))
    return messages[0]


def cells(path: Path) -> list[dict[str, str]]:
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_given_rows_are_exported_in_their_order(tmp_path: Path) -> None:
    message = export(results_layer(["Ä", "b", "c"]), ExportFormat.SHEET, tmp_path / "a.csv", [2, 0])
    assert [row["caption"] for row in cells(tmp_path / "a.csv")] == ["c", "Ä"]
    assert message == f"Exported to {tmp_path / 'a.csv'}. Rows: 2."


def test_rows_without_a_stored_picture_are_counted(tmp_path: Path) -> None:
    keep_pictures([0, 1])
    message = export(results_layer(["a", "b", "no picture"]), ExportFormat.DATASET, tmp_path / "set")
    assert message.endswith("Rows: 2. Rows left out because their pictures are no longer stored: 1.")
    assert len(list((tmp_path / "set" / "images").iterdir())) == 2


def test_rows_deleted_before_the_export_are_not_counted(tmp_path: Path) -> None:
    layer = results_layer(["a", "b"])
    reader = RowReader(layer)
    rows = [reader.row(layer.getFeature(fid)) for fid in fids(layer)]
    layer.dataProvider().deleteFeatures(fids(layer)[:1])
    messages: list[str] = []
    task = exporting.export(layer, reader.columns, rows, ExportDestination(ExportFormat.SHEET, tmp_path / "a.csv"))
    task.done.connect(messages.append)
    task.start()
    wait_until(lambda: bool(messages))
    assert messages[0].endswith("Rows: 1.")
    assert len(cells(tmp_path / "a.csv")) == 1


def test_a_failed_export_is_reported_and_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for kind in ExportFormat:
        message = export(results_layer(["a"]), kind, tmp_path / "file" / f"a{kind.value}")
        assert "cannot be written" in message
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["file"]


def test_an_export_does_not_replace_its_own_layer(tmp_path: Path) -> None:
    layer = results_layer(["a"], "GPKG", tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.gpkg").symlink_to(tmp_path / "answers.gpkg")
    for name in ("answers.gpkg", "sub/../answers.gpkg", "link.gpkg"):
        with pytest.raises(OutputError, match="the layer itself"):
            exporting.export(layer, [], [], ExportDestination(ExportFormat.GEOPACKAGE, tmp_path / name))


@pytest.mark.parametrize("kind", [kind for kind in ExportFormat if kind is not ExportFormat.DATASET])
def test_a_file_that_is_not_an_export_is_not_replaced(tmp_path: Path, kind: ExportFormat) -> None:
    path = tmp_path / f"a{kind.value}"
    path.write_text("my notes")
    with pytest.raises(OutputError, match="would be (overwritten|replaced)"):
        export(results_layer(["a"]), kind, path)
    assert path.read_text() == "my notes"
    path.unlink()
    for _ in range(2):
        assert "Rows: 1." in export(results_layer(["a"]), kind, path)


def test_a_data_set_that_is_not_an_export_is_not_replaced(tmp_path: Path) -> None:
    keep_pictures([0])
    for _ in range(2):
        assert "Rows: 1" in export(results_layer(["a"]), ExportFormat.DATASET, tmp_path / "set")
    rsicap = json.dumps({"annotations": []})
    (tmp_path / "set" / "captions.json").write_text(rsicap)
    with pytest.raises(OutputError, match=r"captions\.json is not an RSGPT export"):
        export(results_layer(["a"]), ExportFormat.DATASET, tmp_path / "set")
    assert (tmp_path / "set" / "captions.json").read_text() == rsicap


def test_a_stopped_export_leaves_no_file(tmp_path: Path) -> None:
    layer = results_layer(["a"] * 50)
    reader = RowReader(layer)
    rows = [reader.row(feature) for feature in layer.getFeatures()]
    task = exporting.export(layer, reader.columns, rows, ExportDestination(ExportFormat.SHEET, tmp_path / "a.csv"))
    task.cancel()
    assert not task.run()
    assert list(tmp_path.glob("a.csv*")) == []
