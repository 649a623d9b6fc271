"""The search index is cleared through its database, so that a running search goes on in the same file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from rsgpt_plugin.core.paths import search_file
from rsgpt_plugin.core.search_index import SearchIndex
from rsgpt_plugin.shared.files.search_index import FILE, KnownSource

ROW = "INSERT INTO pictures VALUES (?, ?, ?)"
SOURCE = "INSERT INTO sources VALUES (?, ?, ?)"


def test_a_running_search_keeps_its_file(tmp_path: Path) -> None:
    path = tmp_path / "search.sqlite"
    SearchIndex(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as running:
        running.execute(ROW, ("model", "p", bytes(100_000)))
        running.execute(SOURCE, ("place", "1", "p"))
        with SearchIndex(path) as index:
            index.clear()
        assert path.stat().st_size < 100_000
        running.execute(ROW, ("model", "q", b"new"))
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT picture FROM pictures").fetchall() == [("q",)]
        assert database.execute("SELECT * FROM sources").fetchall() == []


def test_rows_survive_closing(tmp_path: Path) -> None:
    path, row = tmp_path / "search.sqlite", np.array([0.5, 1.0], np.float16)
    with SearchIndex(path) as index:
        index.rows("model").add({"p": row}, [KnownSource("/1.png", "1", "p")])
    with SearchIndex(path) as index:
        assert index.rows("model").rows(["p"])["p"].tolist() == [0.5, 1.0]
        assert index.rows("model").pictures({"/1.png": "1"}) == {"/1.png": "p"}
        assert index.rows("other").known(["p"]) == set()


def test_both_sides_open_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RSGPT_HOME", str(tmp_path))
    assert search_file() == tmp_path / FILE
