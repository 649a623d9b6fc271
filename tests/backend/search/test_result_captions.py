"""Captions and answers are read from results of `rsgpt batch`, by the hash of the picture."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from rsgpt_backend.errors import DataError
from rsgpt_backend.search.result_captions import read_captions

COLUMNS = (
    "fid INTEGER, caption TEXT, confidence REAL, use TEXT, use_confidence REAL, water BOOLEAN, water_confidence REAL, "
    "note TEXT, image_sha256 TEXT, plugin_version TEXT"
)


def write(path: Path, *rows: Sequence[object], columns: str = COLUMNS) -> Path:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE gpkg_contents (table_name TEXT)")
        database.execute("INSERT INTO gpkg_contents VALUES ('my \"results\"')")
        database.execute(f'CREATE TABLE "my ""results""" ({columns})')
        for row in rows:
            database.execute(f'INSERT INTO "my ""results""" VALUES ({", ".join("?" * len(row))})', row)
    return path


def test_captions_and_answers_in_words(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.gpkg",
        (1, "Many  boats.", 0.9, "harbor", 0.8, 1, 0.7, "mine", "a" * 64, "1"),
        (2, "Boats.", 0.9, "harbor", 0.8, 1, 0.7, "mine", "a" * 64, "1"),
        (3, None, None, "", 0.8, 0, 0.7, "mine", "b" * 64, "1"),
        (4, "No picture.", None, None, None, None, None, None, None, "1"),
    )
    assert read_captions(path) == {"a" * 64: ("Many boats.", "harbor", "Boats."), "b" * 64: ()}


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.gpkg").write_text("no database")
    for name in ("text.gpkg", "missing.gpkg"):
        with pytest.raises(DataError, match="cannot be read as a GeoPackage"):
            read_captions(tmp_path / name)
    assert not (tmp_path / "missing.gpkg").exists()
    with pytest.raises(DataError, match="no layer of results"):
        read_captions(write(tmp_path / "b.gpkg", columns="fid INTEGER, caption TEXT"))
