"""Answers remembered on disk, so that nothing is asked twice. Knows no questions, pictures or servers."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Optional

from ..errors import OutputError
from .answers import RawAnswer

SCHEMA_VERSION = 1
BUSY_SECONDS = 30.0
_KEYS_A_QUERY = 500

_SCHEMA = """
CREATE TABLE answers (
    key TEXT PRIMARY KEY, text TEXT NOT NULL, confidence REAL, first_top TEXT NOT NULL,
    degenerate INTEGER NOT NULL, asked_at TEXT NOT NULL
) WITHOUT ROWID
"""


class AnswerCache:
    """One open cache file; belongs to the thread that opened it. Several processes may share the file.

    WAL with synchronous NORMAL: a killed process loses nothing that `put` has returned from.
    Raises OutputError where the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self.close()
            raise self._unusable(error) from error
        except OutputError:
            self.close()
            raise

    def __enter__(self) -> AnswerCache:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the cache cannot be used afterwards."""
        self._database.close()

    def get(self, keys: Sequence[str]) -> dict[str, RawAnswer]:
        """The answers known under `keys`; a key without an answer is left out."""
        known: dict[str, RawAnswer] = {}
        try:
            for start in range(0, len(keys), _KEYS_A_QUERY):
                known.update(self._select(keys[start : start + _KEYS_A_QUERY]))
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        return known

    def put(self, answers: Mapping[str, RawAnswer]) -> None:
        """Remember all of `answers` in one transaction; an answer already there under a key is replaced."""
        rows = [
            (key, raw.text, raw.confidence, json.dumps(raw.first_top), raw.degenerate, raw.asked_at)
            for key, raw in answers.items()
        ]
        try:
            self._database.execute("BEGIN IMMEDIATE")
            with self._database:
                self._database.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)", rows)
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def _select(self, keys: Sequence[str]) -> dict[str, RawAnswer]:
        # One bound text that SQLite unpacks: no statement is put together from strings.
        rows = self._database.execute(
            "SELECT key, text, confidence, first_top, degenerate, asked_at FROM answers "
            "WHERE key IN (SELECT value FROM json_each(?))",
            (json.dumps(list(keys)),),
        )
        with closing(rows):
            return {row[0]: _answer(*row[1:]) for row in rows}

    def _prepare(self) -> None:
        version = self._version()
        if version > SCHEMA_VERSION:
            raise OutputError(
                f"The answer cache {self._path} was written by a newer version of this plugin (format "
                f"{version}, this one knows {SCHEMA_VERSION}). Update the plugin, or move that file away."
            )
        self._use_wal()
        self._database.execute("PRAGMA synchronous = NORMAL")
        if version == 0:
            self._create()

    def _use_wal(self) -> None:
        """Switch to WAL. SQLite's own time-out does not hold for a switch that another process is making."""
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self._database.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def _create(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        with self._database:
            # Another QGIS window may have created it while this one waited.
            if self._version() == 0:
                self._database.execute(_SCHEMA)
                self._database.execute(f"PRAGMA user_version = {SCHEMA_VERSION:d}")

    def _version(self) -> int:
        return int(self._database.execute("PRAGMA user_version").fetchone()[0])

    def _unusable(self, error: Exception) -> OutputError:
        return OutputError(
            f"The answer cache {self._path} cannot be used ({error}). Check that the folder exists, may be "
            "written to and has free space, or set RSGPT_HOME to another folder."
        )


def _answer(text: str, confidence: Optional[float], first_top: str, degenerate: int, asked_at: str) -> RawAnswer:
    top = tuple((str(word), float(logprob)) for word, logprob in json.loads(first_top))
    return RawAnswer(text, confidence, top, bool(degenerate), asked_at)
