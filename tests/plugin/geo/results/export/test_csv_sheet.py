"""A sheet has all columns and rows as values, never as formulas, and the place of each row in degrees."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from qgis.core import QgsGeometry, QgsVectorLayer
from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime

from rsgpt_plugin.errors import Cancelled, OutputError
from rsgpt_plugin.geo.results.export.csv_sheet import write_csv
from tests.plugin.geo.reference_systems import LOCAL
from tests.plugin.geo.results.export.exports import add_column, rows_to_export, stop_after
from tests.plugin.results import fids, results_layer

pytestmark = pytest.mark.usefixtures("qgis_new_project")


def cells(path: Path) -> list[dict[str, str]]:
    """Return the rows of a sheet, which must start with the mark by which Excel knows UTF-8."""
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def sheet(layer: QgsVectorLayer, folder: Path, numbers: list[int] | None = None) -> list[dict[str, str]]:
    write_csv(rows_to_export(layer, numbers), folder / "a.csv")
    return cells(folder / "a.csv")


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_csv_text_is_never_a_formula(tmp_path: Path, start: str) -> None:
    first, second = sheet(results_layer([start, "plain, with a comma"]), tmp_path)
    assert first["caption"] == f"'{start}"
    assert (second["caption"], second["cars"]) == ("plain, with a comma", "1")


def test_the_name_of_a_column_is_never_a_formula(tmp_path: Path) -> None:
    layer = results_layer(["a"])
    add_column(layer, "=1+1", values=["x"])
    (row,) = sheet(layer, tmp_path)
    assert row["'=1+1"] == "x"
    assert "=1+1" not in row


def test_negative_numbers_stay_numbers(tmp_path: Path) -> None:
    layer = results_layer(["a"])
    add_column(layer, "depth", "double", [-2.5])
    add_column(layer, "floor", "integer", [-3])
    (row,) = sheet(layer, tmp_path)
    assert (row["depth"], row["floor"]) == ("-2.5", "-3")


def test_csv_has_all_columns_and_the_given_row_order(tmp_path: Path) -> None:
    layer = results_layer(["Ä", "b", "c"])
    rows = sheet(layer, tmp_path, [2, 0])
    assert [row["caption"] for row in rows] == ["c", "Ä"]
    assert list(rows[0]) == [*layer.fields().names(), "longitude", "latitude"]


def test_a_row_has_the_degrees_of_its_center(tmp_path: Path) -> None:
    """The center of row 0 lies 8 m east of the central meridian of UTM zone 11."""
    (row,) = sheet(results_layer(["a"]), tmp_path)
    assert float(row["longitude"]) == pytest.approx(-117 + 8 / 90_000, abs=2e-6)
    assert float(row["latitude"]) == pytest.approx(36.1442, abs=1e-3)
    assert len(row["longitude"].partition(".")[2]) == 7


def test_a_sheet_of_a_local_crs_has_no_longitude(tmp_path: Path) -> None:
    layer = results_layer(["a"])
    layer.setCrs(LOCAL)
    (row,) = sheet(layer, tmp_path)
    assert (row["longitude"], row["latitude"], row["caption"]) == ("", "", "a")


def test_a_row_without_a_place_has_no_longitude(tmp_path: Path) -> None:
    layer = results_layer(["here", "nowhere"])
    layer.dataProvider().changeGeometryValues({fids(layer)[1]: QgsGeometry()})
    here, nowhere = sheet(layer, tmp_path)
    assert here["longitude"].startswith("-116.99")
    assert (nowhere["caption"], nowhere["longitude"], nowhere["latitude"]) == ("nowhere", "", "")


@pytest.mark.parametrize("text", ['say "yes", please', "two\nlines", "two\r\nlines", "a;b", "城市", "it's", " padded "])
def test_text_is_read_back_unchanged(tmp_path: Path, text: str) -> None:
    (row,) = sheet(results_layer([text]), tmp_path)
    assert row["caption"] == text


def test_yes_no_and_missing_values_are_distinct(tmp_path: Path) -> None:
    layer = results_layer(["a", "b", None])
    index = layer.fields().indexOf("trees")
    layer.dataProvider().changeAttributeValues({fids(layer)[2]: {index: None}})
    rows = sheet(layer, tmp_path)
    assert [row["trees"] for row in rows] == ["True", "False", ""]
    assert rows[2]["caption"] == ""


def test_a_time_is_written_with_milliseconds(tmp_path: Path) -> None:
    layer = results_layer(["a"])
    moment = QDateTime(QDate(2024, 5, 6), QTime(7, 8, 9, 123), Qt.TimeSpec.UTC)
    index = layer.fields().indexOf("asked_at")
    layer.dataProvider().changeAttributeValues({fids(layer)[0]: {index: moment}})
    (row,) = sheet(layer, tmp_path)
    assert row["asked_at"].startswith("2024-05-06T07:08:09.123")


def test_dates_of_the_described_features_are_written_as_in_iso_8601(tmp_path: Path) -> None:
    layer = results_layer(["a"])
    add_column(layer, "built", "date", [QDate(1998, 2, 3)])
    add_column(layer, "opens", "time", [QTime(8, 30)])
    (row,) = sheet(layer, tmp_path)
    assert (row["built"], row["opens"]) == ("1998-02-03", "08:30:00.000")


def test_no_rows_make_a_sheet_of_names(tmp_path: Path) -> None:
    layer = results_layer(["a"])
    assert sheet(layer, tmp_path, []) == []
    names = (tmp_path / "a.csv").read_text("utf-8-sig").splitlines()
    assert names == [",".join([*layer.fields().names(), "longitude", "latitude"])]


def test_a_stopped_sheet_leaves_the_earlier_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("earlier")
    with pytest.raises(Cancelled):
        write_csv(rows_to_export(results_layer(["a", "b"]), progress=stop_after(50)), path)
    assert path.read_text() == "earlier"
    assert [file.name for file in tmp_path.glob("*a.csv*")] == ["a.csv"]


def test_a_missing_folder_is_named_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "a.csv"
    with pytest.raises(OutputError, match=r"missing.*a\.csv cannot be written.*Choose another folder"):
        write_csv(rows_to_export(results_layer(["a"])), path)
