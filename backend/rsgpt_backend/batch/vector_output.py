"""Writes rows with geometries to a GeoPackage or GeoParquet file.

Rows are streamed to a draft, which is read back and checked before it replaces the output. An existing GeoPackage keeps
its other layers.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from rsgpt_plugin.shared.files.geopackage import (
    check_replaceable,
    crs_of,
    holds_results,
    put_layer,
    remove_companions,
    set_crs,
    user_tables,
)
from rsgpt_plugin.shared.files.source_files import overwritten_input

from ..errors import DataError, UsageError
from .crs_equality import is_same_crs

Batches = Iterator[pa.RecordBatch]
Writer = Callable[["OutputLayer", Path, pa.Schema, Iterable[pa.RecordBatch], str], None]
_GEOMETRY = {".gpkg": "geom", ".parquet": "geometry"}


@dataclass(frozen=True)
class OutputLayer:
    """What a run writes. name, description: of the layer in a GeoPackage. geometry: its geometry type."""

    name: str = "tiles"
    geometry: str = "Polygon"
    description: str = ""


TILES = OutputLayer()
_TILE_COLUMN = "status"  # which objects lack
_SAMPLES: tuple[tuple[Callable[[pa.DataType], bool], Any], ...] = (
    (pa.types.is_string, "x"),
    (pa.types.is_boolean, True),
    (pa.types.is_integer, 1),
    (pa.types.is_floating, 0.5),
    (pa.types.is_timestamp, datetime(2000, 1, 1, tzinfo=UTC)),
)


def check_output(path: Path, sources: Iterable[str] = (), layer: OutputLayer = TILES) -> None:
    """Raise UsageError or OutputError if `path` cannot be written, or holds data other than a result.

    sources: all inputs of the run.
    """
    if path.suffix.lower() not in _GEOMETRY:
        raise UsageError(f"{path.name} is neither .gpkg nor .parquet. Choose one of these formats.")
    if not path.parent.is_dir():
        raise UsageError(f"The folder {path.parent} does not exist. Create it, then run again.")
    source = overwritten_input(path, sources)
    if source is not None:
        raise UsageError(f"{path} would replace {source}, which this run reads. Choose another --out.")
    _check_existing(path, layer)


def try_output(
    path: Path, schema: pa.Schema, crs_wkt: str, geometry: shapely.Geometry, layer: OutputLayer = TILES
) -> None:
    """Write one made-up row next to `path` as `write` would. Raises DataError if the format or folder rejects it."""
    row = {field.name: _sample(field.type) for field in list(schema)[1:]}
    draft = _draft(path)
    try:
        _write_draft(layer, draft, schema, _Source(iter([batch(schema, np.array([geometry]), [row])])), crs_wkt)
    except _WRITE_ERRORS as error:
        raise _unwritable(path, error) from error
    finally:
        _discard(draft)


def with_geometry(path: Path, schema: pa.Schema) -> pa.Schema:
    """Return the schema of an output, with the geometry column first."""
    return pa.schema([pa.field(_GEOMETRY[path.suffix.lower()], pa.binary()), *schema])


def batch(schema: pa.Schema, geometries: np.ndarray, rows: list[dict[str, Any]]) -> pa.RecordBatch:
    """Return rows and their geometries as one batch of `schema`, which has the geometry column."""
    encoded = pa.array(shapely.to_wkb(geometries), pa.binary())
    columns = pa.RecordBatch.from_pylist(rows, schema=pa.schema(list(schema)[1:]))
    return pa.RecordBatch.from_arrays([encoded, *columns.columns], schema=schema)


def write(path: Path, schema: pa.Schema, batches: Batches, crs_wkt: str, layer: OutputLayer = TILES) -> None:
    """Write all rows to a draft, check it, then move it to `path`. Raises DataError if that fails."""
    draft, source = _draft(path), _Source(batches)
    try:
        _write_draft(layer, draft, schema, source, crs_wkt)
        _publish(layer, draft, path)
    except _WRITE_ERRORS as error:
        if source.error is not None:
            raise source.error from None
        raise _unwritable(path, error) from error
    finally:
        _discard(draft)


class _Source:
    """Batches that count their rows and store their error, because GDAL only reports that reading them failed."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches
        self.rows = 0
        self.error: BaseException | None = None

    def __iter__(self) -> Batches:
        try:
            for record_batch in self._batches:
                self.rows += record_batch.num_rows
                yield record_batch
        except BaseException as error:  # interruptions too
            self.error = error
            raise


# Errors of GDAL, Arrow and PROJ if they cannot write.
_WRITE_ERRORS = (OSError, RuntimeError, ValueError, pa.ArrowException)


def _check_existing(path: Path, layer: OutputLayer) -> None:
    """Raise UsageError or OutputError if an existing file is not a result of rsgpt or cannot be written."""
    if not path.exists():
        return
    if path.suffix.lower() == ".gpkg":
        check_replaceable(path, layer.name)
    elif path.stat().st_size:
        columns = _parquet_columns(path)
        if not holds_results(columns):
            raise UsageError(f"{path} is not a result of rsgpt and would be replaced. Choose another --out.")
        if (_TILE_COLUMN in columns) != (layer.name == TILES.name):
            others = "tiles" if _TILE_COLUMN in columns else "objects"
            raise UsageError(f"{path} holds {others}, which would be replaced by {layer.name}. Choose another --out.")


def _parquet_columns(path: Path) -> list[str]:
    try:
        return list(pq.read_schema(path).names)
    except (OSError, pa.ArrowException):
        return []


def _write_draft(layer: OutputLayer, draft: Path, schema: pa.Schema, source: _Source, crs_wkt: str) -> None:
    _discard(draft)
    _WRITERS[draft.suffix.lower()](layer, draft, schema, source, crs_wkt)
    _READERS[draft.suffix.lower()](layer, draft, schema, source.rows, CRS(crs_wkt))


def _publish(layer: OutputLayer, draft: Path, path: Path) -> None:
    """Move a draft to `path`, or its layer into a GeoPackage that has other layers."""
    if path.suffix.lower() == ".gpkg":
        if path.exists() and user_tables(path):
            put_layer(draft, layer.name, path)
            return
        remove_companions(path)
    draft.replace(os.path.realpath(path))


def _write_geopackage(
    layer: OutputLayer, path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch], crs_wkt: str
) -> None:
    reader = pa.RecordBatchReader.from_batches(schema, batches)
    options = {"geometry_name": schema.names[0], "layer_options": {"DESCRIPTION": layer.description}}
    pyogrio.write_arrow(reader, path, layer.name, "GPKG", geometry_type=layer.geometry, crs=crs_wkt, **options)


def _write_geoparquet(
    layer: OutputLayer, path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch], crs_wkt: str
) -> None:
    """Write GeoParquet 1.1, with the CRS as PROJJSON."""
    column = {"encoding": "WKB", "geometry_types": [layer.geometry], "crs": CRS(crs_wkt).to_json_dict()}
    geo = {"version": "1.1.0", "primary_column": schema.names[0], "columns": {schema.names[0]: column}}
    with pq.ParquetWriter(path, schema.with_metadata({"geo": json.dumps(geo)}), compression="zstd") as writer:
        for record_batch in batches:
            writer.write_batch(record_batch)


def _read_geopackage(layer: OutputLayer, path: Path, schema: pa.Schema, rows: int, crs: CRS) -> None:
    """Check what GDAL wrote. It replaces a CRS in kilometers by the one in meters, so the CRS may have to be set."""
    info = pyogrio.read_info(path, layer.name, force_feature_count=True, force_total_bounds=True)
    bounds = info["total_bounds"]
    if not is_same_crs(crs, crs_of(path, layer.name), bounds):
        set_crs(path, layer.name, _wkt(crs))
    same = is_same_crs(crs, crs_of(path, layer.name), bounds)
    _compare(schema.names[1:], list(info["fields"]), rows, info["features"], same)


def _read_geoparquet(_: OutputLayer, path: Path, schema: pa.Schema, rows: int, crs: CRS) -> None:
    with pq.ParquetFile(path) as file:
        column = json.loads(file.schema_arrow.metadata[b"geo"])["columns"][schema.names[0]]
        same = is_same_crs(crs, json.dumps(column["crs"]), None)
        _compare(schema.names, file.schema_arrow.names, rows, file.metadata.num_rows, same)


def _compare(expected: list[str], written: list[str], rows: int, count: int, same_crs: bool) -> None:
    if count != rows:
        raise DataError(f"Only {count} of {rows} rows were written. Run again: the answers are kept.")
    if expected != written:
        lost = ", ".join(name for name in expected if name not in written)
        raise DataError(f"The format changes the columns {lost or expected}. Rename these questions.")
    if not same_crs:
        raise DataError("The format cannot store the raster's coordinate system. Choose the other format for --out.")


def _wkt(crs: CRS) -> str:
    """Return WKT 1 as GeoPackage requires it, or WKT 2, which GDAL reads too, for a CRS that WKT 1 cannot express."""
    try:
        return str(crs.to_wkt("WKT1_GDAL"))
    except CRSError:
        return str(crs.to_wkt())


def _sample(kind: pa.DataType) -> Any:
    return next((value for fits, value in _SAMPLES if fits(kind)), None)


def _draft(path: Path) -> Path:
    return path.with_name(f".{path.stem}.part{path.suffix}")


def _discard(draft: Path) -> None:
    """Remove a draft and the files that a killed run left next to it, which would be read with a new draft."""
    with suppress(OSError):
        draft.unlink(missing_ok=True)
        remove_companions(draft)


def _unwritable(path: Path, error: Exception) -> DataError:
    is_full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "full" in str(error)
    advice = "Free disk space, then run again." if is_full else "Check that its folder is writable, then run again."
    return DataError(f"{path} cannot be written ({error}). {advice}")


_WRITERS: dict[str, Writer] = {
    ".gpkg": _write_geopackage,
    ".parquet": _write_geoparquet,
}
_READERS: dict[str, Callable[[OutputLayer, Path, pa.Schema, int, CRS], None]] = {
    ".gpkg": _read_geopackage,
    ".parquet": _read_geoparquet,
}
