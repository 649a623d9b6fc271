"""The index of a search on disk, which survives a killed process. Several processes may share the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from rsgpt_plugin.shared.files.search_index import FILE, SCHEMA, IndexRows

from ..errors import DataError
from ..home import home

_LOCK_TIMEOUT_S = 30.0  # while another process writes


class PictureIndex(IndexRows):
    """An open index, which belongs to one thread. Raises DataError if it cannot be used."""

    def __init__(self, path: Path, model: str) -> None:
        """model: its fingerprint."""
        super().__init__(self, model)
        self._path = path
        with self._guarded():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=_LOCK_TIMEOUT_S, isolation_level=None)
            try:
                self._prepare()
            except BaseException:  # after any error, the file must not stay open
                self._connection.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def read(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        with self._guarded():
            return self._connection.execute(statement, values).fetchall()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Run the block in one transaction."""
        with self._guarded():
            self._connection.execute("BEGIN IMMEDIATE")
            with self._connection:
                yield self._connection

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")  # safe against a kill of the process
        with self.writing():  # another process may create the tables now
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
            if version > len(SCHEMA):
                raise DataError(f"{self._path} was written by another version of rsgpt. Delete it to start over.")
            for statement in SCHEMA[version:]:
                self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version = {len(SCHEMA)}")

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise DataError(
                f"The search index {self._path} cannot be used ({error}). Check the disk space, or delete the file; "
                "the next search makes it again."
            ) from error


def index_file() -> Path:
    """Return the path of the index of this user."""
    return home() / FILE
