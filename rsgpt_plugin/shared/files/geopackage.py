"""Access to GeoPackages as SQLite files: list their tables, copy a layer into one, set a layer's CRS and default style.

Each change is one transaction, so that other programs with the file open see all of it or nothing, and SQLite itself
recovers the `-wal` or `-journal` file of a killed program. Only SQLite opens these files: on Linux and macOS, closing a
file in any other way removes the locks that this process, for example QGIS, holds on it.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Optional, Union

from ..errors import OutputError
from ..i18n import translate
from ..results.columns import CHECKED, CORRECTED

COMPANIONS = ("-wal", "-shm", "-journal")  # files that SQLite keeps next to a file while writing

_MIN_CUSTOM_SRS = 100_000  # EPSG and ESRI numbers are lower
_TIMEOUT_S = 30.0  # wait for transactions of other programs
_INTERNAL = ("gpkg_", "rtree_", "sqlite_")
# These columns identify a result; Shapefiles cut names to ten characters.
_RESULT_COLUMNS, _NAME_LENGTH = ("image_sha256", "plugin_version"), 10
# A style with this name and description is ours. Others belong to the user.
OUR_STYLE, _STYLE_NOTE = "RSGPT", "Style of RSGPT results"
STYLE_TIMEOUT_S = 5.0
STYLES = "layer_styles"  # the table of styles of QGIS
# As QGIS creates it.
_STYLE_TABLE = (
    f"CREATE TABLE {STYLES} (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), "
    "f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), "
    "styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), "
    "update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))",
    "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) "
    "VALUES ('layer_styles', 'attributes', 'layer_styles', '', 0)",
)
_SRS_COLUMNS = "srs_name, srs_id, organization, organization_coordsys_id, definition, description"


def holds_results(columns: Collection[str]) -> bool:
    """Return whether a table with these columns, in any format, was written by a run."""
    names = {name.casefold()[:_NAME_LENGTH] for name in columns}
    return {name[:_NAME_LENGTH] for name in _RESULT_COLUMNS} <= names


def check_replaceable(path: Path, layer: str) -> None:
    """Raise OutputError if writing `layer` into an existing GeoPackage would lose data.

    That is the case if the file is not a GeoPackage, a layer with this name is not a result or has corrected or checked
    rows, or another program is writing the file.
    """
    present = {name: columns for name, columns in user_tables(path).items() if name.casefold() == layer.casefold()}
    for name, columns in present.items():
        if not holds_results(columns):
            sentence = translate(
                "Rsgpt",
                "{path} has a layer {layer} that is not a result of RSGPT and would be replaced. Choose another file.",
            )
            raise OutputError(sentence.format(path=path, layer=name))
    check_writable(path)
    with _opened(path) as database:
        for name, columns in present.items():
            for mark in {CORRECTED, CHECKED}.intersection(columns):
                query = f"SELECT count(*) FROM {_quoted(name)} WHERE {mark} <> ''"  # nosec B608 - quoted names
                check_corrected(path, *(_first_row(database, query) or (0,)))


def check_writable(path: Path, timeout_s: float = 1.0) -> None:
    """Raise OutputError if a GeoPackage cannot be written now, for example because another program writes it."""
    with _opened(path, timeout_s) as database:
        database.execute("BEGIN IMMEDIATE")
        database.execute("ROLLBACK")


def check_corrected(path: Union[Path, str], rows: int) -> None:
    """Raise OutputError if `rows`, the number of corrected rows, is not 0. path: output file or table name."""
    if rows:
        sentence = translate(
            "Rsgpt",
            "{path} contains rows that a person reviewed ({count}), which would be lost. Choose another output, or "
            "move this one elsewhere.",
        )
        raise OutputError(sentence.format(path=path, count=rows))


def user_tables(path: Path) -> dict[str, list[str]]:
    """Return the columns of all tables and views of a GeoPackage, without internal tables; {} for an empty file.

    Raises OutputError if the file is not a GeoPackage or cannot be read.
    """
    if not path.stat().st_size and not path.with_name(path.name + "-journal").exists():
        return {}
    with _opened(path) as database:
        rows = database.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").fetchall()
        names = [str(row[0]) for row in rows]
        return {name: _columns(database, "main", name) for name in names if not name.casefold().startswith(_INTERNAL)}


def remove_companions(path: Path) -> None:
    """Remove SQLite's companion files of a missing or empty file, because SQLite would apply them to a new file."""
    for ending in COMPANIONS:
        path.with_name(path.name + ending).unlink(missing_ok=True)


def put_layer(draft: Path, layer: str, target: Path) -> None:
    """Copy a layer and its style from the GeoPackage `draft` to `target`, replacing a layer with the same name.

    A default style of the user stays the default.
    """
    with _opened(target) as database:
        database.execute("ATTACH DATABASE ? AS draft", (str(draft),))
        with _transaction(database):
            _drop(database, layer)
            _copy(database, layer)
            _copy_style(database, layer)
        database.execute("DETACH DATABASE draft")


def crs_of(path: Path, layer: str) -> str:
    """Return a layer's CRS as stored in the file: AUTHORITY:CODE, WKT for a custom CRS, or "" if undefined."""
    with _opened(path) as database:
        query = (
            "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys "
            "WHERE srs_id = (SELECT srs_id FROM gpkg_contents WHERE table_name = ?)"
        )
        authority, code, definition = _first_row(database, query, layer) or ("NONE", -1, "")
    if str(authority).upper() == "NONE":
        return "" if code in (-1, 0) else str(definition)
    return f"{authority}:{code}"


def set_crs(path: Path, layer: str, definition: str) -> None:
    """Assign a custom CRS to a layer by WKT, because GDAL may replace a CRS with one that has similar parameters."""
    with _opened(path) as database, _transaction(database):
        name = definition.partition('"')[2].partition('"')[0] or "custom"
        values = (name, _MIN_CUSTOM_SRS, "NONE", _MIN_CUSTOM_SRS, definition, None)
        number = _srs_number(database, values)
        (column,) = _first_row(
            database, "SELECT column_name FROM gpkg_geometry_columns WHERE table_name = ?", layer
        ) or ("",)
        triggers = _objects(database, "main", layer, ("trigger",))
        for trigger, _ in triggers:  # they call GDAL functions; the indexed extents do not change
            database.execute(f"DROP TRIGGER {_quoted(trigger)}")
        database.execute(f"UPDATE {_quoted(layer)} SET {_quoted(column)} = with_srs({_quoted(column)}, ?)", (number,))  # nosec B608 - quoted names
        for table in ("gpkg_contents", "gpkg_geometry_columns"):
            database.execute(f"UPDATE {table} SET srs_id = ? WHERE table_name = ?", (number, layer))  # nosec B608 - quoted names
        for _, statement in triggers:
            database.execute(statement)


def has_style(path: Path, layer: str, timeout_s: float = STYLE_TIMEOUT_S) -> bool:
    """Return whether the file has a style for a layer. QGIS applies one even if none is the default."""
    with _opened(path, timeout_s) as database:
        return bool(_styles(database, layer))


def put_style(path: Path, layer: str, style: str, name: str = OUR_STYLE, timeout_s: float = STYLE_TIMEOUT_S) -> None:
    """Store the QML of our style of a layer in place of an earlier one of this name, which "" only removes.

    It becomes the default unless there is one already.
    """
    with _opened(path, timeout_s) as database, _transaction(database):
        _put_style(database, layer, style, name)


def set_description(path: Path, layer: str, description: str) -> None:
    """Set the description of a layer, which QGIS shows as its abstract."""
    with _opened(path, STYLE_TIMEOUT_S) as database, _transaction(database):
        database.execute(
            "UPDATE gpkg_contents SET description = ? WHERE lower(table_name) = lower(?)", (description, layer)
        )


@contextmanager
def _opened(path: Path, timeout_s: float = _TIMEOUT_S) -> Iterator[sqlite3.Connection]:
    try:
        address = f"{path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(address, timeout_s, isolation_level=None, uri=True)) as database:
            database.create_function("with_srs", 2, _with_srs, deterministic=True)
            yield database
    except sqlite3.Error as error:
        if "locked" in str(error) or "busy" in str(error):
            sentence = translate(
                "Rsgpt", "{path} is being written by another program ({error}). Close it there, then run again."
            )
        elif "not a database" in str(error) or path.is_dir():
            sentence = translate(
                "Rsgpt", "{path} cannot be used: it is not a GeoPackage and would be replaced. Choose another file."
            )
        else:
            sentence = translate("Rsgpt", "{path} cannot be used as a GeoPackage ({error}). Choose another file.")
        raise OutputError(sentence.format(path=path, error=error)) from error


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    with database:
        yield


def _put_style(database: sqlite3.Connection, layer: str, style: str, style_name: str = OUR_STYLE) -> None:
    _remove_style(database, layer, style_name)
    if not style:
        return
    if not _objects(database, "main", STYLES, ("table",)):
        # The table may have been dropped without its entry.
        database.execute("DELETE FROM main.gpkg_contents WHERE lower(table_name) = ?", (STYLES,))
        for statement in _STYLE_TABLE:
            database.execute(statement)
    # QGIS compares the name with its case.
    query = "SELECT table_name FROM main.gpkg_contents WHERE lower(table_name) = lower(?)"
    (name,) = _first_row(database, query, layer) or (layer,)
    query = "SELECT column_name FROM main.gpkg_geometry_columns WHERE lower(table_name) = lower(?)"
    (column,) = _first_row(database, query, layer) or ("",)
    is_default = not any(_styles(database, layer))
    database.execute(
        f"INSERT INTO main.{STYLES} (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, "  # nosec B608 - fixed names
        "styleQML, useAsDefault, description, owner) VALUES ('', '', ?, ?, ?, ?, ?, ?, '')",
        (name, column, style_name, style, is_default, _STYLE_NOTE),
    )


def _remove_style(database: sqlite3.Connection, layer: str, name: str) -> None:
    if _objects(database, "main", STYLES, ("table",)):
        database.execute(
            f"DELETE FROM main.{STYLES} WHERE lower(f_table_name) = lower(?) AND styleName = ? AND description = ?",  # nosec B608 - fixed names
            (layer, name, _STYLE_NOTE),
        )


def _copy_style(database: sqlite3.Connection, layer: str) -> None:
    """Replace our style of a layer by that of the draft, if it has one, because it is made for its columns."""
    has_styles = _objects(database, "draft", STYLES, ("table",))
    query = f"SELECT styleQML FROM draft.{STYLES} WHERE f_table_name = ? AND styleName = ?"  # nosec B608 - fixed names
    style = _first_row(database, query, layer, OUR_STYLE) if has_styles else None
    _put_style(database, layer, str(style[0]) if style is not None else "")


def _styles(database: sqlite3.Connection, layer: str) -> list[bool]:
    """Return for each style of a layer whether it is the default."""
    if not _objects(database, "main", STYLES, ("table",)):
        return []
    query = f"SELECT coalesce(useAsDefault, 0) FROM main.{STYLES} WHERE lower(f_table_name) = lower(?)"  # nosec B608 - fixed names
    return [bool(row[0]) for row in database.execute(query, (layer,))]


def _drop(database: sqlite3.Connection, layer: str) -> None:
    """Remove a layer with its index and metadata. Its style, stored by name, stays."""
    tables = {str(row[0]) for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    present = next((name for name in tables if name.casefold() == layer.casefold()), None)
    if present is None:
        return
    geometry = _first_row(database, "SELECT column_name FROM gpkg_geometry_columns WHERE table_name = ?", present)
    index = f"rtree_{present}_{geometry[0]}" if geometry else ""
    for name in (index, present):
        if name in tables:
            database.execute(f"DROP TABLE {_quoted(name)}")
    for table in ("gpkg_extensions", "gpkg_ogr_contents", "gpkg_geometry_columns", "gpkg_contents"):
        if table in tables:
            database.execute(f"DELETE FROM {table} WHERE table_name = ?", (present,))  # nosec B608 - quoted names


def _copy(database: sqlite3.Connection, layer: str) -> None:
    number = _srs_number(database, _srs_of(database, layer))
    geometry = _first_row(database, "SELECT column_name FROM draft.gpkg_geometry_columns WHERE table_name = ?", layer)
    index = f"rtree_{layer}_{geometry[0]}" if geometry else ""
    for _, statement in _objects(database, "draft", layer, ("table",)) + _objects(database, "draft", index, ("table",)):
        database.execute(statement)
    columns = _columns(database, "draft", layer)
    values = [
        f"with_srs({_quoted(name)}, {number:d})" if geometry and name == geometry[0] else _quoted(name)
        for name in columns
    ]
    names = ", ".join(_quoted(name) for name in columns)
    database.execute(
        f"INSERT INTO main.{_quoted(layer)} ({names}) SELECT {', '.join(values)} FROM draft.{_quoted(layer)}"  # nosec B608 - quoted names
    )
    if _first_row(database, "SELECT 1 FROM main.sqlite_master WHERE name = ?", index):
        database.execute(f"INSERT INTO main.{_quoted(index)} SELECT * FROM draft.{_quoted(index)}")  # nosec B608 - quoted names
    for _, statement in _objects(database, "draft", layer, ("index", "trigger")):
        database.execute(statement)
    _copy_entries(database, layer, number)


def _copy_entries(database: sqlite3.Connection, layer: str, number: int) -> None:
    """Copy the metadata rows of a layer; create metadata tables that the target lacks."""
    for table in ("gpkg_contents", "gpkg_geometry_columns", "gpkg_extensions", "gpkg_ogr_contents"):
        definitions = _objects(database, "draft", table, ("table",))
        if not definitions:
            continue
        if not _first_row(database, "SELECT 1 FROM main.sqlite_master WHERE name = ?", table):
            database.execute(definitions[0][1])
        columns = _columns(database, "draft", table)
        values = [f"{number:d}" if name == "srs_id" else _quoted(name) for name in columns]
        database.execute(
            f"INSERT INTO main.{table} ({', '.join(map(_quoted, columns))}) "  # nosec B608 - quoted names
            f"SELECT {', '.join(values)} FROM draft.{table} WHERE table_name = ?",
            (layer,),
        )


def _srs_of(database: sqlite3.Connection, layer: str) -> tuple[Any, ...]:
    query = (
        f"SELECT {_SRS_COLUMNS} FROM draft.gpkg_spatial_ref_sys "  # nosec B608 - quoted names
        "WHERE srs_id = (SELECT srs_id FROM draft.gpkg_contents WHERE table_name = ?)"
    )
    return _first_row(database, query, layer) or ("Undefined Cartesian", -1, "NONE", -1, "undefined", None)


def _srs_number(database: sqlite3.Connection, values: tuple[Any, ...]) -> int:
    """Return the srs_id of a CRS in the file, adding the CRS if it is new."""
    name, number, organization, code, definition, description = values
    query = "SELECT srs_id FROM main.gpkg_spatial_ref_sys WHERE organization = ? COLLATE NOCASE AND "
    custom = organization.upper() == "NONE" and number not in (-1, 0)
    existing = _first_row(database, query + ("definition = ?" if custom else "organization_coordsys_id = ?"),
                 organization, definition if custom else code)  # fmt: skip
    if existing:
        return int(existing[0])
    taken = _first_row(database, "SELECT 1 FROM main.gpkg_spatial_ref_sys WHERE srs_id = ?", number)
    if taken or custom:
        (largest,) = _first_row(database, "SELECT max(srs_id) FROM main.gpkg_spatial_ref_sys") or (0,)
        number = max(int(largest) + 1, _MIN_CUSTOM_SRS)
    columns = _columns(database, "main", "gpkg_spatial_ref_sys")
    entry: Mapping[str, Any] = {
        "srs_name": name,
        "srs_id": number,
        "organization": organization,
        "organization_coordsys_id": number if custom else code,
        "definition": definition,
        "description": description,
        **({"definition_12_063": definition} if "definition_12_063" in columns else {}),
    }
    marks = ", ".join("?" * len(entry))
    query = f"INSERT INTO main.gpkg_spatial_ref_sys ({', '.join(entry)}) VALUES ({marks})"  # nosec B608 - fixed names
    database.execute(query, tuple(entry.values()))
    return number


def _objects(database: sqlite3.Connection, schema: str, table: str, kinds: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return name and SQL of the objects of a table, in order of creation."""
    marks = ", ".join("?" * len(kinds))
    query = (
        f"SELECT name, sql FROM {schema}.sqlite_master "  # nosec B608 - quoted names
        f"WHERE tbl_name = ? AND type IN ({marks}) AND sql IS NOT NULL ORDER BY rowid"
    )
    return [(str(name), str(sql)) for name, sql in database.execute(query, (table, *kinds))]


def _columns(database: sqlite3.Connection, schema: str, table: str) -> list[str]:
    return [str(row[1]) for row in database.execute(f"PRAGMA {schema}.table_info({_quoted(table)})")]


def _first_row(database: sqlite3.Connection, query: str, *values: Any) -> Optional[tuple[Any, ...]]:
    row: Optional[tuple[Any, ...]] = database.execute(query, values).fetchone()
    return row


def _with_srs(geometry: Optional[bytes], number: int) -> Optional[bytes]:
    """Return a GeoPackage geometry with another srs_id in its header."""
    if geometry is None:
        return None
    return geometry[:4] + struct.pack("<i" if geometry[3] & 1 else ">i", number) + geometry[8:]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
