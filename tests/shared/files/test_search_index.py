"""The rows of the search index: schema, keys of pictures, and places that are known by a hash."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import numpy as np
import pytest

from rsgpt_plugin.shared.files.search_index import SCHEMA, IndexRows, KnownSource, picture_key

ROW = np.array([0.5, -0.25, 1.0], np.float16)


class Memory:
    """A database in memory, as plugin and backend open one on disk."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        for statement in SCHEMA:
            self._connection.execute(statement)
        self.queries = 0

    def read(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        self.queries += 1
        return self._connection.execute(statement, values).fetchall()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        with self._connection:
            yield self._connection


def test_a_file_of_version_1_is_upgraded() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        for statement in (*SCHEMA, *SCHEMA[1:]):
            database.execute(statement)
        names = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert names == {"pictures", "sources"}


def test_a_place_is_known_if_its_picture_has_a_row_of_the_model() -> None:
    database = Memory()
    rows = IndexRows(database, "a")
    rows.add({"p": ROW}, [KnownSource("/1.png", "1", "p"), KnownSource("/2.png", "1", "q"), KnownSource("/3", "1", "")])
    asked = {"/1.png": "1", "/2.png": "1", "/3": "1", "/4": "1"}
    assert rows.pictures(asked) == {"/1.png": "p", "/3": ""}
    assert rows.pictures({"/1.png": "2"}) == {}
    assert IndexRows(database, "b").pictures(asked) == {"/3": ""}
    assert rows.rows(["p", "q"])["p"].tolist() == ROW.tolist()
    assert rows.known(["p", "q"]) == {"p"}


def test_many_pictures_are_read_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rsgpt_plugin.shared.files.search_index._PAGE", 2)
    database = Memory()
    rows = IndexRows(database, "a")
    rows.add({str(number): ROW for number in range(5)}, [])
    assert set(rows.rows([str(number) for number in range(7)])) == set("01234")
    assert database.queries == 4


def test_the_ground_resolution_is_part_of_the_key() -> None:
    assert len({picture_key("p", gsd) for gsd in (None, 0.3, 10.0)}) == 3
