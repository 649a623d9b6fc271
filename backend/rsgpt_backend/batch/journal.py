"""What a run has found so far, in one SQLite file beside its output: what was added is not lost by a kill.

It knows tiles and prompts by number alone, and no types of answers.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Self

from rsgpt_plugin.shared.answers.typed_answers import RawAnswer

from ..errors import DataError

_VERSION = 2
_PATIENCE = 30.0  # seconds that another writer is waited for
_SCHEMA = """
CREATE TABLE rasters (id INTEGER PRIMARY KEY, plan TEXT NOT NULL UNIQUE);
CREATE TABLE prompts (id INTEGER PRIMARY KEY, asked TEXT NOT NULL UNIQUE);
CREATE TABLE tiles (
    raster INTEGER NOT NULL, tile INTEGER NOT NULL, image_sha256 TEXT NOT NULL, gsd_m REAL, skipped TEXT NOT NULL,
    failed TEXT NOT NULL, PRIMARY KEY (raster, tile)) WITHOUT ROWID;
CREATE TABLE answers (
    image_sha256 TEXT NOT NULL, prompt INTEGER NOT NULL, text TEXT NOT NULL, confidence REAL NOT NULL,
    degenerate INTEGER NOT NULL, asked_at TEXT NOT NULL, problem TEXT NOT NULL, is_cut INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (image_sha256, prompt)) WITHOUT ROWID;
"""
# The precision that `auto` chose when a model was first asked: another one would not reuse its answers.
_PRECISIONS = "CREATE TABLE IF NOT EXISTS precisions (model TEXT PRIMARY KEY, precision TEXT NOT NULL)"
_FROM_1 = "ALTER TABLE answers ADD COLUMN is_cut INTEGER NOT NULL DEFAULT 0;"
_TILES = (
    "SELECT tile, tiles.image_sha256, gsd_m, skipped, failed, prompt, text, confidence, degenerate, asked_at, problem, "
    "is_cut FROM tiles LEFT JOIN answers ON answers.image_sha256 = tiles.image_sha256 "
    "AND prompt IN (SELECT value FROM json_each(?)) WHERE raster = ? AND tile BETWEEN ? AND ? ORDER BY tile, prompt"
)
_KNOWN = (
    "SELECT prompt, text, confidence, degenerate, asked_at, problem, is_cut FROM answers "
    "WHERE image_sha256 = ? AND prompt IN (SELECT value FROM json_each(?))"
)
_PAGE = 4096  # tiles that are looked up at once


@dataclass(frozen=True)
class TileJob:
    """A tile to look at. raster, prompts: by the journal's numbers; prompts: those without an answer.

    failed: those of the prompts that an earlier run asked in vain.
    """

    raster: int
    tile: int
    prompts: tuple[int, ...]
    failed: tuple[int, ...] = ()


@dataclass(frozen=True)
class TileResult:
    """What came of a tile. image_sha256: "" where it could not be read. skipped, failed: why it was not asked, or "".

    answers: by the number of the prompt. asked: the prompts that this run asked for this tile; the other answers were
    known, or are those of an equal picture.
    """

    raster: int
    tile: int
    image_sha256: str = ""
    gsd_m: float | None = None
    skipped: str = ""
    failed: str = ""
    answers: Mapping[int, RawAnswer] = field(default_factory=dict)
    asked: tuple[int, ...] = ()


class BatchJournal:
    """One open journal; belongs to one thread. DataError where it cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._guarded():
            self._database = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
            try:
                self._prepare()
            except BaseException:  # whatever it is, the file must not stay open
                self._database.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; what was added stays in it."""
        self._database.close()

    def raster(self, plan_key: str) -> int:
        """The number of a raster's plan; a new one for a plan that is new."""
        return self._number(
            "INSERT OR IGNORE INTO rasters (plan) VALUES (?)", "SELECT id FROM rasters WHERE plan = ?", plan_key
        )

    def prompt(self, asked: str) -> int:
        """The number of a prompt together with the model that is asked."""
        return self._number(
            "INSERT OR IGNORE INTO prompts (asked) VALUES (?)", "SELECT id FROM prompts WHERE asked = ?", asked
        )

    def precision(self, model: str) -> str | None:
        """The precision that was chosen for a model, or None."""
        rows = self._rows("SELECT precision FROM precisions WHERE model = ?", (model,))
        return str(rows[0][0]) if rows else None

    def set_precision(self, model: str, precision: str) -> None:
        """Record the precision that was chosen for a model."""
        with self._guarded():
            self._database.execute("INSERT OR REPLACE INTO precisions VALUES (?, ?)", (model, precision))

    def missing(self, raster: int, tiles: Sequence[int], prompts: Sequence[int]) -> Iterator[TileJob]:
        """What is left to do, in the order of the tiles: those not seen, failed, or without an answer to a prompt."""
        for page in self._pages(raster, tiles, prompts):
            for tile, found in page:
                if found is None or found.failed:
                    yield TileJob(raster, tile, tuple(prompts))
                elif left := _unanswered(found, prompts):
                    yield TileJob(raster, tile, left, tuple(one for one in left if one in found.answers))

    def found(self, raster: int, tiles: Sequence[int], prompts: Sequence[int]) -> Iterator[list[TileResult]]:
        """What is known of `tiles`, in their order, a page at a time; a tile that was not seen is left out."""
        for page in self._pages(raster, tiles, prompts):
            yield [found for _, found in page if found is not None]

    def known(self, image_sha256: str, prompts: Sequence[int]) -> dict[int, RawAnswer]:
        """The answers to `prompts` about a picture; one that is missing is left out."""
        rows = self._rows(_KNOWN, (image_sha256, json.dumps(list(prompts))))
        return {row[0]: _answer(*row[1:]) for row in rows}

    def add(self, found: Sequence[TileResult]) -> None:
        """Keep all of it, in one transaction; a tile that is there is replaced."""
        tiles = [(f.raster, f.tile, f.image_sha256, f.gsd_m, f.skipped, f.failed) for f in found]
        answers = [
            (one.image_sha256, prompt, raw.text, raw.confidence, raw.degenerate, raw.asked_at, raw.problem, raw.is_cut)
            for one in found
            for prompt, raw in one.answers.items()
        ]
        with self._guarded():
            self._database.execute("BEGIN IMMEDIATE")
            with self._database:
                self._database.executemany("INSERT OR REPLACE INTO tiles VALUES (?, ?, ?, ?, ?, ?)", tiles)
                self._database.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?)", answers)

    def _prepare(self) -> None:
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")  # safe against a kill of the process
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        if version == 0 and self._rows("SELECT 1 FROM sqlite_master", ()):
            raise DataError(f"{self._path} is a database of another program. Give another --out.")
        if version == 0:
            self._database.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version = {_VERSION};COMMIT;")
        elif version == 1:
            self._database.executescript(f"BEGIN;{_FROM_1}PRAGMA user_version = {_VERSION};COMMIT;")
        elif version != _VERSION:
            raise DataError(f"{self._path} was written by another version of rsgpt. Delete it to begin anew.")
        self._database.execute(_PRECISIONS)

    def _pages(
        self, raster: int, tiles: Sequence[int], prompts: Sequence[int]
    ) -> Iterator[list[tuple[int, TileResult | None]]]:
        """A page reads to its end before the next begins, so that what is added meanwhile can be put in its place."""
        for start in range(0, len(tiles), _PAGE):
            page = tiles[start : start + _PAGE]
            rows = self._rows(_TILES, (json.dumps(list(prompts)), raster, page[0], page[-1]))
            known = {tile: _found(raster, list(same)) for tile, same in groupby(rows, itemgetter(0))}
            yield [(tile, known.get(tile)) for tile in page]

    def _number(self, add: str, look: str, text: str) -> int:
        with self._guarded():
            self._database.execute(add, (text,))
        ((number,),) = self._rows(look, (text,))
        return int(number)

    def _rows(self, query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        with self._guarded():
            return self._database.execute(query, values).fetchall()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise DataError(
                f"{self._path} cannot be used ({error}). Check the free space and who else writes there."
            ) from error


def _found(raster: int, rows: Sequence[tuple[Any, ...]]) -> TileResult:
    """A tile from its rows: one for each answer, or one without."""
    tile, image_sha256, gsd_m, skipped, failed = rows[0][:5]
    answers = {row[5]: _answer(*row[6:]) for row in rows if row[5] is not None}
    return TileResult(raster, tile, image_sha256, gsd_m, skipped, failed, answers)


def _answer(text: str, confidence: float | None, degenerate: int, *told: Any) -> RawAnswer:
    asked_at, problem, is_cut = told
    return RawAnswer(text, confidence, (), bool(degenerate), asked_at, problem=problem, is_cut=bool(is_cut))


def _unanswered(found: TileResult, prompts: Sequence[int]) -> tuple[int, ...]:
    if found.skipped:
        return ()
    return tuple(one for one in prompts if one not in found.answers or found.answers[one].problem)
