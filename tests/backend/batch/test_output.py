"""Files that others read: geometry, types and CRS of both formats, and nothing half written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from pyproj import CRS

from rsgpt_backend.batch.output import batch, check_output, with_polygons, write
from rsgpt_backend.errors import DataError, UsageError

UTM = CRS("EPSG:32611").to_wkt()
PLAIN = pa.schema(
    [("text", pa.string()), ("yes", pa.bool_()), ("number", pa.int32()), ("at", pa.timestamp("ms", "UTC"))]
)
ROWS = [{"text": "ä", "yes": True, "number": 3, "at": 1_000}, {"text": None, "yes": False}]


def batches(schema: pa.Schema, count: int = 2) -> Iterator[pa.RecordBatch]:
    for number in range(count):
        yield batch(schema, shapely.box([2 * number, 2 * number + 1], 0, [2 * number + 1, 2 * number + 2], 1), ROWS)


@pytest.mark.parametrize("ending", [".gpkg", ".parquet"])
def test_rows_and_polygons_are_read_back(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    schema = with_polygons(path, PLAIN)
    write(path, schema, batches(schema), UTM)
    if ending == ".gpkg":
        meta, table = pyogrio.read_arrow(path)
        assert CRS(meta["crs"]) == CRS(UTM)
        assert meta["geometry_type"] == "Polygon"
        polygons = shapely.from_wkb(table[meta["geometry_name"]])
    else:
        table = pq.read_table(path)
        geo = json.loads(table.schema.metadata[b"geo"])
        column = geo["columns"][geo["primary_column"]]
        assert (geo["version"], column["encoding"], column["geometry_types"]) == ("1.1.0", "WKB", ["Polygon"])
        assert CRS.from_json_dict(column["crs"]) == CRS(UTM)
        polygons = shapely.from_wkb(table[geo["primary_column"]])
    assert np.asarray(shapely.bounds(polygons))[:, 0].tolist() == [0, 1, 2, 3]
    assert table["text"].to_pylist() == ["ä", None] * 2
    assert table["yes"].to_pylist() == [True, False] * 2
    assert table["number"].to_pylist() == [3, None] * 2
    assert [at and at.timestamp() for at in table["at"].to_pylist()] == [1.0, None] * 2


@pytest.mark.parametrize("ending", [".gpkg", ".parquet"])
def test_what_was_there_stays_until_all_is_written(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    path.write_text("before")
    schema = with_polygons(path, PLAIN)

    def broken() -> Iterator[pa.RecordBatch]:
        yield from batches(schema)
        raise DataError("The journal is gone.")

    with pytest.raises(DataError, match=r"The journal is gone\."):
        write(path, schema, broken(), UTM)
    assert path.read_text() == "before"
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    write(path, schema, batches(schema), UTM)
    assert path.stat().st_size > 100


def test_formats_and_folders_are_checked_first(tmp_path: Path) -> None:
    check_output(tmp_path / "a.GPKG")
    for wrong in ("a.shp", "none/a.gpkg"):
        with pytest.raises(UsageError):
            check_output(tmp_path / wrong)
