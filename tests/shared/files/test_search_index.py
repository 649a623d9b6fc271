"""The schema of the search index also upgrades a file of version 1, which has both tables."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from rsgpt_plugin.shared.files.search_index import SCHEMA


def test_a_file_of_version_1_is_upgraded() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        for statement in (*SCHEMA, *SCHEMA[1:]):
            database.execute(statement)
        names = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert names == {"pictures", "sources"}
