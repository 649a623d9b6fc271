"""The captions and answers in a GeoPackage of results, by the hash of the picture that they describe."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from rsgpt_plugin.shared.files.geopackage import holds_results
from rsgpt_plugin.shared.results.columns import ANSWER, CAPTION, answer_columns, reserved_names
from rsgpt_plugin.shared.search.captions import distinct_sentences

from ..errors import DataError

_HASH = "image_sha256"


def read_captions(path: Path) -> dict[str, tuple[str, ...]]:
    """Return captions and answers in words by the hash of the picture. Raises DataError if the file has no results."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            tables = [str(name) for (name,) in database.execute("SELECT table_name FROM gpkg_contents")]
            columns = {table: _columns(database, table) for table in tables}
            results = [table for table, names in columns.items() if holds_results(names)]
            rows = [row for table in results for row in _rows(database, table, columns[table])]
    except sqlite3.Error as error:
        raise DataError(
            f"{path} cannot be read as a GeoPackage ({error}). Give a file that `rsgpt batch` or QGIS wrote."
        ) from error
    if not results:
        raise DataError(f"{path} has no layer of results. Give a GeoPackage that `rsgpt batch` or QGIS wrote.")
    captions: dict[str, tuple[str, ...]] = {}
    for sha256, sentences in rows:
        captions[sha256] = distinct_sentences([*captions.get(sha256, ()), *sentences])
    return captions


def _rows(database: sqlite3.Connection, table: str, names: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    said = [name for name in names if name in (CAPTION, ANSWER) or _is_question(name, names)]
    if _HASH not in names:
        return
    chosen = ", ".join(map(_quoted, [_HASH, *said]))
    for sha256, *values in database.execute(f"SELECT {chosen} FROM {_quoted(table)}"):  # nosec B608 - quoted names
        if isinstance(sha256, str):
            yield sha256, distinct_sentences(values)


def _is_question(name: str, names: Sequence[str]) -> bool:
    return name not in reserved_names() and answer_columns(name)[1] in names


def _columns(database: sqlite3.Connection, table: str) -> list[str]:
    return [str(row[1]) for row in database.execute(f"PRAGMA table_info({_quoted(table)})")]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
