"""Rows with polygons to a GeoPackage or a GeoParquet file, streamed, whole or not at all. Knows no answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely
from pyproj import CRS

from ..errors import DataError, UsageError

Batches = Iterator[pa.RecordBatch]
Writer = Callable[[Path, pa.Schema, Iterable[pa.RecordBatch], str], None]
_LAYER = "tiles"
_GEOMETRY = {".gpkg": "geom", ".parquet": "geometry"}


def check_output(path: Path) -> None:
    """UsageError for a format that is not known, or a folder that is not there."""
    if path.suffix.lower() not in _GEOMETRY:
        raise UsageError(f"{path.name} is neither .gpkg nor .parquet. Choose one of these endings.")
    if not path.parent.is_dir():
        raise UsageError(f"The folder {path.parent} is not there. Make it, then run again.")


def with_polygons(path: Path, schema: pa.Schema) -> pa.Schema:
    """The schema of an output with its column of polygons, which comes first."""
    return pa.schema([pa.field(_GEOMETRY[path.suffix.lower()], pa.binary()), *schema])


def batch(schema: pa.Schema, polygons: np.ndarray, rows: list[dict[str, Any]]) -> pa.RecordBatch:
    """Rows and their polygons as one batch of such a schema."""
    encoded = pa.array(shapely.to_wkb(polygons), pa.binary())
    columns = pa.RecordBatch.from_pylist(rows, schema=pa.schema(list(schema)[1:]))
    return pa.RecordBatch.from_arrays([encoded, *columns.columns], schema=schema)


def write(path: Path, schema: pa.Schema, batches: Batches, crs_wkt: str) -> None:
    """Write it all beside `path`, then put it there at once. DataError where it cannot be written."""
    draft = path.with_name(f".{path.stem}.part{path.suffix}")
    draft.unlink(missing_ok=True)
    source = _Source(batches)
    try:
        _WRITERS[path.suffix.lower()](draft, schema, source, crs_wkt)
        draft.replace(path)
    except (OSError, RuntimeError, pa.ArrowException) as error:
        if source.error is not None:
            raise source.error from None
        raise DataError(f"{path} cannot be written ({error}). Check the free space and its rights.") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


class _Source:
    """Batches that keep what they fail with: GDAL, which takes them, says only that they did."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches
        self.error: BaseException | None = None

    def __iter__(self) -> Batches:
        try:
            yield from self._batches
        except BaseException as error:  # an interruption, too
            self.error = error
            raise


def _write_geopackage(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch], crs_wkt: str) -> None:
    reader = pa.RecordBatchReader.from_batches(schema, batches)
    pyogrio.write_arrow(
        reader, path, _LAYER, "GPKG", geometry_name=schema.names[0], geometry_type="Polygon", crs=crs_wkt
    )


def _write_geoparquet(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch], crs_wkt: str) -> None:
    """As GeoParquet 1.1 says; PROJJSON names the coordinate system."""
    column = {"encoding": "WKB", "geometry_types": ["Polygon"], "crs": CRS(crs_wkt).to_json_dict()}
    geo = {"version": "1.1.0", "primary_column": schema.names[0], "columns": {schema.names[0]: column}}
    with pq.ParquetWriter(path, schema.with_metadata({"geo": json.dumps(geo)}), compression="zstd") as writer:
        for one in batches:
            writer.write_batch(one)


_WRITERS: dict[str, Writer] = {
    ".gpkg": _write_geopackage,
    ".parquet": _write_geoparquet,
}
