"""Rows are given out in order with progress; a file is replaced as a whole, and only if it is an earlier export."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from rsgpt_plugin.errors import Cancelled, OutputError
from rsgpt_plugin.geo.results.export.csv_sheet import write_csv
from rsgpt_plugin.geo.results.export.export_rows import check_earlier_export, discard, text_file, write_error
from rsgpt_plugin.geo.results.export.geodata import write_geojson
from rsgpt_plugin.geo.results.export.html_report import write_report
from tests.plugin.geo.results.export.exports import rows_to_export, stop_after
from tests.plugin.results import results_layer, sha256_of

WRITERS = {".csv": write_csv, ".geojson": write_geojson, ".html": write_report}


def write_half_of(path: Path) -> None:
    with text_file(path) as file:
        file.write("half")
        raise Cancelled("stopped")


def test_each_row_comes_with_its_feature_and_the_progress(qgis_new_project: None) -> None:
    reached: list[float] = []
    export = rows_to_export(results_layer(["a", "b", "c", "d"]), [3, 0, 2, 1], progress=reached.append)
    pairs = list(export.each())
    assert [row.values[0] for row, _ in pairs] == ["d", "a", "c", "b"]
    assert [feature["caption"] for _, feature in pairs] == ["d", "a", "c", "b"]
    assert [row.fid for row, _ in pairs] == [feature.id() for _, feature in pairs]
    assert reached == [0.0, 25.0, 50.0, 75.0]


def test_a_stop_ends_the_rows(qgis_new_project: None) -> None:
    export = rows_to_export(results_layer(["a", "b", "c", "d"]), progress=stop_after(50))
    pairs = export.each()
    assert [next(pairs)[0].values[0], next(pairs)[0].values[0]] == ["a", "b"]
    with pytest.raises(Cancelled):
        next(pairs)


def test_no_rows_have_no_progress(qgis_new_project: None) -> None:
    export = rows_to_export(results_layer(["a"]), [], progress=stop_after(0))
    assert list(export.each()) == []


def test_the_picture_of_a_row_is_found_by_its_hash(qgis_new_project: None) -> None:
    export = rows_to_export(results_layer(["a", "b"]), pictures={sha256_of(1): b"png"})
    assert [export.picture_of(row) for row in export.rows] == [None, b"png"]


def test_the_store_is_not_asked_for_other_text_than_hashes(qgis_new_project: None) -> None:
    export = rows_to_export(results_layer(["a"]), pictures={"": b"1", "x": b"2", sha256_of(0).upper(): b"3"})
    (row,) = export.rows
    for text in ("", "x", sha256_of(0).upper()):
        assert export.picture_of(row._replace(sha256=text)) is None


def test_a_text_file_is_there_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with text_file(path) as file:
        file.write("é\r\n")
        assert not path.exists()
    assert path.read_bytes() == "é\r\n".encode()
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_file()] == ["a.txt"]


def test_a_text_file_stays_as_it_was_if_the_block_fails(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("earlier")
    with pytest.raises(Cancelled):
        write_half_of(path)
    assert path.read_text() == "earlier"
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_file()] == ["a.txt"]


def test_a_full_disk_is_an_error_with_the_cause(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match=r"a\.txt cannot be written \(.*No space left.*\)"),
        text_file(tmp_path / "a.txt"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("ending", WRITERS)
def test_an_earlier_export_may_be_replaced(qgis_new_project: None, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    check_earlier_export(path)
    WRITERS[ending](rows_to_export(results_layer(["a"])), path)
    check_earlier_export(path)


@pytest.mark.parametrize("ending", WRITERS)
def test_an_empty_file_may_be_replaced(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"a{ending}").touch()
    check_earlier_export(tmp_path / f"a{ending}")
    check_earlier_export(tmp_path)  # a folder is for the writer to refuse


@pytest.mark.parametrize(
    "text",
    ["my notes", "image_sha256,caption\n", "plugin_version", "<html><body>a page</body></html>", "\0\1\2", "\n"],
)
def test_another_file_may_not_be_replaced(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(OutputError, match=r"a\.csv is not an RSGPT export.*Choose another file name"):
        check_earlier_export(path)
    assert path.read_text() == text


def test_truncated_names_identify_an_earlier_export(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("caption,image_sha2,plugin_ver\n")
    check_earlier_export(path)


def test_discard_removes_a_file_and_what_sqlite_left_next_to_it(tmp_path: Path) -> None:
    for name in ("a.gpkg", "a.gpkg-wal", "a.gpkg-shm", "a.gpkg-journal", "b.gpkg-wal"):
        (tmp_path / name).touch()
    discard(tmp_path / "a.gpkg")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["b.gpkg-wal"]


def test_discard_ignores_what_it_cannot_remove(tmp_path: Path) -> None:
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    discard(tmp_path / "missing")
    discard(tmp_path / "folder")
    assert (tmp_path / "folder" / "inside").is_dir()


def test_a_write_error_names_the_file_the_cause_and_the_way_out() -> None:
    message = str(write_error(Path("maps", "a.csv"), "read-only"))
    assert message.startswith(f"{Path('maps', 'a.csv')} cannot be written (read-only).")
    assert "Choose another folder, or close the program that is using it." in message
