"""The index of a search: what a model computed of pictures, in a SQLite file that survives a killed process.

A row belongs to the pixels of a picture and to a model, so a file that was moved or copied needs no new row. Several
processes may share the file.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from rsgpt_plugin.shared.files.search_index import FILE, SCHEMA

from ..errors import DataError
from ..home import home

_LOCK_TIMEOUT_S = 30.0  # while another process writes
_PAGE = 10_000  # pictures per query
_SOURCES = "SELECT place, version, picture FROM sources WHERE place IN (SELECT value FROM json_each(?))"
_KNOWN = "SELECT picture FROM pictures WHERE model = ? AND picture IN (SELECT value FROM json_each(?))"
_SCORES = "SELECT picture, scores FROM pictures WHERE model = ? AND picture IN (SELECT value FROM json_each(?))"

Row = NDArray[np.float16]  # [width]: the vector of a picture, then probabilities


@dataclass(frozen=True)
class KnownSource:
    """Where a picture is. version: changes with its pixels. picture: its key, "" if it has no valid pixel."""

    place: str
    version: str
    picture: str


class PictureIndex:
    """An open index, which belongs to one thread. Raises DataError if it cannot be used."""

    def __init__(self, path: Path, model: str) -> None:
        """model: its fingerprint."""
        self._path, self._model = path, model
        with self._guarded():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, timeout=_LOCK_TIMEOUT_S, isolation_level=None)
            try:
                self._prepare()
            except BaseException:  # after any error, the file must not stay open
                self._database.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def pictures(self, versions: Mapping[str, str]) -> dict[str, str]:
        """Return the keys of pictures that have a row, by place. versions: by place; changed places are left out."""
        places = {_hashed(place): place for place in versions}
        keys = {
            places[place]: picture
            for place, version, picture in self._paged(_SOURCES, list(places))
            if versions[places[place]] == version
        }
        known = self.known(set(keys.values())) | {""}
        return {place: picture for place, picture in keys.items() if picture in known}

    def known(self, pictures: Collection[str]) -> set[str]:
        """Return those of the pictures that have a row."""
        return {picture for (picture,) in self._paged(_KNOWN, list(pictures), self._model)}

    def rows(self, pictures: Collection[str]) -> dict[str, Row]:
        """Return the stored rows by picture."""
        found = self._paged(_SCORES, list(pictures), self._model)
        return {picture: np.frombuffer(scores, np.float16) for picture, scores in found}

    def add(self, rows: Mapping[str, Row], sources: Iterable[KnownSource]) -> None:
        """Store rows by picture, and where pictures are, in one transaction."""
        scores = [(self._model, picture, row.astype(np.float16).tobytes()) for picture, row in rows.items()]
        places = [(_hashed(source.place), source.version, source.picture) for source in sources]
        with self._guarded():
            self._database.execute("BEGIN IMMEDIATE")
            with self._database:
                self._database.executemany("INSERT OR REPLACE INTO pictures VALUES (?, ?, ?)", scores)
                self._database.executemany("INSERT OR REPLACE INTO sources VALUES (?, ?, ?)", places)

    def _paged(self, query: str, items: Sequence[str], *values: str) -> Iterator[tuple[Any, ...]]:
        for start in range(0, len(items), _PAGE):
            with self._guarded():
                page = json.dumps(items[start : start + _PAGE])
                yield from self._database.execute(query, (*values, page)).fetchall()

    def _prepare(self) -> None:
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")  # safe against a kill of the process
        with self._guarded():
            self._database.execute("BEGIN IMMEDIATE")  # another process may create the tables now
            with self._database:
                (version,) = self._database.execute("PRAGMA user_version").fetchone()
                if version > len(SCHEMA):
                    raise DataError(f"{self._path} was written by another version of rsgpt. Delete it to start over.")
                for statement in SCHEMA[version:]:
                    self._database.execute(statement)
                self._database.execute(f"PRAGMA user_version = {len(SCHEMA)}")

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise DataError(
                f"The search index {self._path} cannot be used ({error}). Check the disk space, or delete the file; "
                "the next search makes it again."
            ) from error


def _hashed(place: str) -> str:
    """Return the form in which a place is stored. File names may have bytes that are no text for SQLite."""
    return hashlib.sha256(os.fsencode(place)).hexdigest()


def index_file() -> Path:
    """Return the path of the index of this user."""
    return home() / FILE
