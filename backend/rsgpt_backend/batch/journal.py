"""The journal of a batch run: results so far in a SQLite file next to the output, which survive a killed process.

It identifies tiles and prompts by number.
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
from rsgpt_plugin.shared.rasters.ellipsoid import stated_resolution

from ..errors import DataError

_VERSION = 5
_LOCK_TIMEOUT_S = 30.0  # while another process writes
# gsd_m: the resolution that the model got; 0 if it is unknown, or for models that do not read it.
_ANSWER_TABLE = """
CREATE TABLE answers (
    image_sha256 TEXT NOT NULL, prompt INTEGER NOT NULL, gsd_m REAL NOT NULL, text TEXT NOT NULL,
    confidence REAL NOT NULL, degenerate INTEGER NOT NULL, asked_at TEXT NOT NULL, problem TEXT NOT NULL,
    is_cut INTEGER NOT NULL, is_unusual INTEGER NOT NULL, answered_by TEXT NOT NULL,
    PRIMARY KEY (image_sha256, prompt, gsd_m)) WITHOUT ROWID;
"""
_SCHEMA = f"""
CREATE TABLE rasters (id INTEGER PRIMARY KEY, plan TEXT NOT NULL UNIQUE);
CREATE TABLE prompts (id INTEGER PRIMARY KEY, asked TEXT NOT NULL UNIQUE);
CREATE TABLE tiles (
    raster INTEGER NOT NULL, tile INTEGER NOT NULL, image_sha256 TEXT NOT NULL, gsd_m REAL, skipped TEXT NOT NULL,
    failed TEXT NOT NULL, PRIMARY KEY (raster, tile)) WITHOUT ROWID;
{_ANSWER_TABLE}
"""
# The precision that `auto` chose in the first run of a model. Its answers cannot be reused with another precision.
_PRECISIONS = "CREATE TABLE IF NOT EXISTS precisions (model TEXT PRIMARY KEY, precision TEXT NOT NULL)"
# No model of these versions read the resolution.
_FROM_2 = "\n".join(
    (
        "ALTER TABLE answers RENAME TO old_answers;",
        _ANSWER_TABLE,
        "INSERT INTO answers SELECT image_sha256, prompt, 0, text, confidence, degenerate, asked_at, problem, is_cut,",
        "0, '' FROM old_answers;",
        "DROP TABLE old_answers;",
    )
)
_FROM_4 = "ALTER TABLE answers ADD COLUMN answered_by TEXT NOT NULL DEFAULT '';"
_UPGRADES = {
    1: f"ALTER TABLE answers ADD COLUMN is_cut INTEGER NOT NULL DEFAULT 0;{_FROM_2}",
    2: _FROM_2,
    3: f"ALTER TABLE answers ADD COLUMN is_unusual INTEGER NOT NULL DEFAULT 0;{_FROM_4}",
    4: _FROM_4,
}
_TILES = (
    "SELECT tile, tiles.image_sha256, tiles.gsd_m, skipped, failed, prompt, text, confidence, degenerate, asked_at, "
    "problem, is_cut, is_unusual, answered_by "
    "FROM tiles LEFT JOIN answers ON answers.image_sha256 = tiles.image_sha256 "
    "AND prompt IN (SELECT value FROM json_each(?)) AND answers.gsd_m = stated_gsd_m(tiles.gsd_m) "
    "WHERE raster = ? AND tile BETWEEN ? AND ? ORDER BY tile, prompt"
)
_ANSWERS = (
    "SELECT prompt, text, confidence, degenerate, asked_at, problem, is_cut, is_unusual, answered_by FROM answers "
    "WHERE image_sha256 = ? AND gsd_m = stated_gsd_m(?) AND prompt IN (SELECT value FROM json_each(?))"
)
_ADD_ANSWER = "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_PAGE = 4096  # tiles per query


@dataclass(frozen=True)
class TileJob:
    """A tile to ask about. raster, prompts: numbers in the journal. prompts: those without an answer.

    failed: those of `prompts` that failed in an earlier run.
    """

    raster: int
    tile: int
    prompts: tuple[int, ...]
    failed: tuple[int, ...] = ()


@dataclass(frozen=True)
class TileResult:
    """The result of a tile. image_sha256: "" if it could not be read. skipped, failed: why it was not asked, or "".

    answers: by the number of the prompt. asked: the prompts that this run asked for this tile; the other answers come
    from the journal or from an equal picture.
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
    """An open journal, which belongs to one thread. Raises DataError if it cannot be used.

    reads_gsd: whether the model's answers depend on the ground resolution. If so, equal pictures share an answer only
    if they have the same resolution.
    """

    def __init__(self, path: Path, reads_gsd: bool = False) -> None:
        self._path = path
        self._reads_gsd = reads_gsd
        with self._guarded():
            self._database = sqlite3.connect(path, timeout=_LOCK_TIMEOUT_S, isolation_level=None)
            try:
                self._prepare()
            except BaseException:  # after any error, the file must not stay open
                self._database.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, which keeps its results."""
        self._database.close()

    def raster(self, plan_key: str) -> int:
        """Return the number of a raster's plan. A new plan gets a new number."""
        return self._number(
            "INSERT OR IGNORE INTO rasters (plan) VALUES (?)", "SELECT id FROM rasters WHERE plan = ?", plan_key
        )

    def prompt(self, key: str) -> int:
        """Return the number of a prompt for a model. A new one gets a new number."""
        return self._number(
            "INSERT OR IGNORE INTO prompts (asked) VALUES (?)", "SELECT id FROM prompts WHERE asked = ?", key
        )

    def precision(self, model: str) -> str | None:
        """Return the precision that was chosen for a model, or None."""
        rows = self._rows("SELECT precision FROM precisions WHERE model = ?", (model,))
        return str(rows[0][0]) if rows else None

    def set_precision(self, model: str, precision: str) -> None:
        """Record the precision that was chosen for a model."""
        with self._guarded():
            self._database.execute("INSERT OR REPLACE INTO precisions VALUES (?, ?)", (model, precision))

    def missing(self, raster: int, tiles: Sequence[int], prompts: Sequence[int]) -> Iterator[TileJob]:
        """Yield the tiles that have no result, failed, or lack an answer to a prompt, in the order of `tiles`."""
        for page in self._pages(raster, tiles, prompts):
            for tile, result in page:
                if result is None or result.failed:
                    yield TileJob(raster, tile, tuple(prompts))
                elif unanswered := _unanswered(result, prompts):
                    failed = tuple(prompt for prompt in unanswered if prompt in result.answers)
                    yield TileJob(raster, tile, unanswered, failed)

    def results(self, raster: int, tiles: Sequence[int], prompts: Sequence[int]) -> Iterator[list[TileResult]]:
        """Yield pages of results, in the order of `tiles`. Tiles without a result are left out."""
        for page in self._pages(raster, tiles, prompts):
            yield [result for _, result in page if result is not None]

    def answers(self, picture: TileResult, prompts: Sequence[int]) -> dict[int, RawAnswer]:
        """Return the stored answers about the picture of a tile, by prompt."""
        rows = self._rows(_ANSWERS, (picture.image_sha256, picture.gsd_m, json.dumps(list(prompts))))
        return {row[0]: _answer(*row[1:]) for row in rows}

    def add(self, results: Sequence[TileResult]) -> None:
        """Store results in one transaction. They replace earlier results of the same tiles."""
        tiles = [(tile.raster, tile.tile, tile.image_sha256, tile.gsd_m, tile.skipped, tile.failed) for tile in results]
        answers = [
            (
                *(tile.image_sha256, prompt, self._stated_gsd_m(tile.gsd_m), raw.text, raw.confidence),
                *(raw.degenerate, raw.asked_at, raw.problem, raw.is_cut, raw.is_unusual, raw.answered_by),
            )
            for tile in results
            for prompt, raw in tile.answers.items()
        ]
        with self._guarded():
            self._database.execute("BEGIN IMMEDIATE")
            with self._database:
                self._database.executemany("INSERT OR REPLACE INTO tiles VALUES (?, ?, ?, ?, ?, ?)", tiles)
                self._database.executemany(_ADD_ANSWER, answers)

    def _stated_gsd_m(self, gsd_m: float | None) -> float:
        """Return the resolution under which the answers about a picture are stored."""
        return (stated_resolution(gsd_m) or 0.0) if self._reads_gsd else 0.0

    def _prepare(self) -> None:
        self._database.create_function("stated_gsd_m", 1, self._stated_gsd_m, deterministic=True)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")  # safe against a kill of the process
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        if version == 0 and self._rows("SELECT 1 FROM sqlite_master", ()):
            raise DataError(f"{self._path} is a database of another program. Choose another --out.")
        if version == 0:
            self._database.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version = {_VERSION};COMMIT;")
        elif version in _UPGRADES:
            self._database.executescript(f"BEGIN;{_UPGRADES[version]}PRAGMA user_version = {_VERSION};COMMIT;")
        elif version != _VERSION:
            raise DataError(f"{self._path} was written by another version of rsgpt. Delete it to start over.")
        self._database.execute(_PRECISIONS)

    def _pages(
        self, raster: int, tiles: Sequence[int], prompts: Sequence[int]
    ) -> Iterator[list[tuple[int, TileResult | None]]]:
        """Yield pages of tiles and results. Each page is a complete query, so that results may be added in between."""
        for start in range(0, len(tiles), _PAGE):
            page = tiles[start : start + _PAGE]
            rows = self._rows(_TILES, (json.dumps(list(prompts)), raster, page[0], page[-1]))
            results = {tile: _result(raster, list(group)) for tile, group in groupby(rows, itemgetter(0))}
            yield [(tile, results.get(tile)) for tile in page]

    def _number(self, insert: str, select: str, text: str) -> int:
        with self._guarded():
            self._database.execute(insert, (text,))
        ((number,),) = self._rows(select, (text,))
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
                f"{self._path} cannot be used ({error}). Check the disk space, and that no other program writes to it."
            ) from error


def _result(raster: int, rows: Sequence[tuple[Any, ...]]) -> TileResult:
    """Return the result of a tile from its rows: one per answer, or a single row without an answer."""
    tile, image_sha256, gsd_m, skipped, failed = rows[0][:5]
    answers = {row[5]: _answer(*row[6:]) for row in rows if row[5] is not None}
    return TileResult(raster, tile, image_sha256, gsd_m, skipped, failed, answers)


def _answer(text: str, confidence: float | None, degenerate: int, *rest: Any) -> RawAnswer:
    asked_at, problem, is_cut, is_unusual, answered_by = rest
    return RawAnswer(
        text,
        confidence,
        (),
        bool(degenerate),
        asked_at,
        problem=problem,
        is_cut=bool(is_cut),
        is_unusual=bool(is_unusual),
        answered_by=answered_by,
    )


def _unanswered(result: TileResult, prompts: Sequence[int]) -> tuple[int, ...]:
    if result.skipped:
        return ()
    return tuple(prompt for prompt in prompts if prompt not in result.answers or result.answers[prompt].problem)
