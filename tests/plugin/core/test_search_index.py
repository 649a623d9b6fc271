"""The search index is cleared through its database, so that a running search goes on in the same file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from rsgpt_plugin.core.search_index import SearchIndex

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
