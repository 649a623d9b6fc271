"""SQLite files that several QGIS windows share, and the base class of stores in them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Optional, TypeVar

from ..errors import OutputError
from ..shared.i18n import translate

BUSY_SECONDS = 30.0

Self = TypeVar("Self", bound="Store")


class Database:
    """One open file; belongs to the thread that opened it. Several processes may share the file.

    It uses WAL with synchronous NORMAL, so that a killed process loses no completed `writing` block.
    Raises OutputError if the file cannot be used.
    """

    def __init__(self, path: Path, name: str, schema: Sequence[str]) -> None:
        """name: for messages. schema: one statement per version, each upgrading from the version before."""
        self._path = path
        self._name = name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error
        try:
            self._prepare(schema)
        except sqlite3.Error as error:
            self.close()
            raise self._unusable(error) from error
        except OutputError:
            self.close()
            raise

    def close(self) -> None:
        """Close the file; it cannot be used afterwards."""
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

    def shrink(self) -> None:
        """Free the disk space of deleted rows."""
        with self._guarded():
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def _prepare(self, schema: Sequence[str]) -> None:
        version = self._version()
        if version > len(schema):
            sentence = translate(
                "Rsgpt",
                "The {what} {path} was written by a newer version of this plugin (format {version}; this version "
                "supports up to {known}). Update the plugin, or move the file elsewhere.",
            )
            raise OutputError(sentence.format(what=self._name, path=self._path, version=version, known=len(schema)))
        self._use_wal()
        self._connection.execute("PRAGMA synchronous = NORMAL")
        if version < len(schema):
            self._upgrade(schema)

    def _use_wal(self) -> None:
        """Switch to WAL. SQLite's timeout does not apply while another process is switching."""
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def _upgrade(self, schema: Sequence[str]) -> None:
        with self.writing() as connection:
            # Another QGIS window may have upgraded the file while this one waited.
            for statement in schema[self._version() :]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(schema):d}")

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _unusable(self, error: Exception) -> OutputError:
        sentence = translate("Rsgpt", "The {what} {path} cannot be used ({error}). {advice}")
        return OutputError(sentence.format(what=self._name, path=self._path, error=error, advice=_advice(error)))


def _advice(error: Exception) -> str:
    """Return what to do about a file that cannot be used, by cause."""
    cause = str(error).casefold()
    if "full" in cause or "no space" in cause:
        return translate("Rsgpt", "Free some disk space, or set RSGPT_HOME to a folder on another disk.")
    if "not a database" in cause or "malformed" in cause:
        return translate("Rsgpt", "The file is damaged. Move it elsewhere, and the plugin creates a new one.")
    if "locked" in cause or "busy" in cause:
        return translate("Rsgpt", "Another program is using it. Close that program, then try again.")
    return translate("Rsgpt", "Check that the folder exists and is writable, or set RSGPT_HOME to another folder.")


class Store:
    """Base of stores in a Database, open until `close` or the end of a `with` block."""

    def __init__(self, path: Path, name: str, schema: Sequence[str]) -> None:
        self._database = Database(path, name, schema)

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the store cannot be used afterwards."""
        self._database.close()
