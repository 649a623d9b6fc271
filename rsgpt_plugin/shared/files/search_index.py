"""The SQLite file in which a search keeps what a model computed of pictures, so that it computes it once.

A row belongs to the pixels of a picture and to a model, so a file that was moved or copied needs no new row.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Optional, Protocol

import numpy as np
from numpy.typing import NDArray

FILE = "cache/search.sqlite"  # in the data folder
# One statement per version of the file. Files of version 1 have both tables.
SCHEMA = (
    "CREATE TABLE pictures (model TEXT NOT NULL, picture TEXT NOT NULL, scores BLOB NOT NULL, "
    "PRIMARY KEY (model, picture))",
    "CREATE TABLE IF NOT EXISTS sources (place TEXT PRIMARY KEY, version TEXT NOT NULL, picture TEXT NOT NULL)",
)
BATCH = 32  # pictures per transaction: a killed process computes at most these again

_PAGE = 10_000  # pictures per query
_SOURCES = "SELECT place, version, picture FROM sources WHERE place IN (SELECT value FROM json_each(?))"
_KNOWN = "SELECT picture FROM pictures WHERE model = ? AND picture IN (SELECT value FROM json_each(?))"
_SCORES = "SELECT picture, scores FROM pictures WHERE model = ? AND picture IN (SELECT value FROM json_each(?))"

Row = NDArray[np.float16]  # [width]: the vector of a picture, then probabilities of things and of kinds of areas


@dataclass(frozen=True)
class KnownSource:
    """Where a picture is. version: changes with its pixels. picture: its key, "" if it has no valid pixel."""

    place: str
    version: str
    picture: str


class IndexDatabase(Protocol):
    """An open file with the tables of SCHEMA. Its methods raise an error of the user if the file cannot be used."""

    def read(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        ...

    def writing(self) -> AbstractContextManager[sqlite3.Connection]:
        """Run the block in one transaction."""
        ...


class IndexRows:
    """The rows of one model."""

    def __init__(self, database: IndexDatabase, model: str) -> None:
        """model: its fingerprint."""
        self._database, self._model = database, model

    def pictures(self, versions: Mapping[str, str]) -> dict[str, str]:
        """Return the keys of pictures that have a row, by place. versions: by place; changed places are left out.

        Places without a valid pixel have the key "".
        """
        places = {_hashed(place): place for place in versions}
        keys = {
            places[place]: picture
            for place, version, picture in self._paged(_SOURCES, places)
            if versions[places[place]] == version
        }
        known = self.known(set(keys.values())) | {""}
        return {place: picture for place, picture in keys.items() if picture in known}

    def known(self, pictures: Collection[str]) -> set[str]:
        """Return those of the pictures that have a row."""
        return {picture for (picture,) in self._paged(_KNOWN, pictures, self._model)}

    def rows(self, pictures: Collection[str]) -> dict[str, Row]:
        """Return the stored rows by picture."""
        return {
            picture: np.frombuffer(scores, np.float16)
            for picture, scores in self._paged(_SCORES, pictures, self._model)
        }

    def add(self, rows: Mapping[str, Row], sources: Iterable[KnownSource]) -> None:
        """Store rows by picture, and where pictures are, in one transaction."""
        scores = [(self._model, picture, row.astype(np.float16).tobytes()) for picture, row in rows.items()]
        places = [(_hashed(source.place), source.version, source.picture) for source in sources]
        with self._database.writing() as connection:
            connection.executemany("INSERT OR REPLACE INTO pictures VALUES (?, ?, ?)", scores)
            connection.executemany("INSERT OR REPLACE INTO sources VALUES (?, ?, ?)", places)

    def _paged(self, query: str, items: Iterable[str], *values: str) -> Iterator[tuple[Any, ...]]:
        ordered = sorted(items)  # neighbors in the file
        for start in range(0, len(ordered), _PAGE):
            yield from self._database.read(query, (*values, json.dumps(ordered[start : start + _PAGE])))


def picture_key(image_sha256: str, gsd_m: Optional[float]) -> str:
    """Return the key under which the row of a picture is stored. gsd_m: None for models that do not read it."""
    return image_sha256 if gsd_m is None else f"{image_sha256} {gsd_m:g}"


def _hashed(place: str) -> str:
    """Return the form in which a place is stored. File names may have bytes that are no text for SQLite."""
    return hashlib.sha256(os.fsencode(place)).hexdigest()
