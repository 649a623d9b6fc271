"""GeoPackage and GeoParquet outputs: geometry, types, CRS, and complete or unchanged files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from pyproj import CRS, Transformer

from rsgpt_backend.batch.vector_output import batch, check_output, try_output, with_geometry, write
from rsgpt_backend.errors import DataError, RsgptError, UsageError
from rsgpt_plugin.shared.files.geopackage import crs_of

UTM = CRS("EPSG:32611").to_wkt()
PLAIN = pa.schema(
    [("text", pa.string()), ("yes", pa.bool_()), ("number", pa.int32()), ("at", pa.timestamp("ms", "UTC"))]
)
ROWS: list[dict[str, Any]] = [{"text": "ä", "yes": True, "number": 3, "at": 1_000}, {"text": None, "yes": False}]


def batches(schema: pa.Schema, count: int = 2) -> Iterator[pa.RecordBatch]:
    for number in range(count):
        yield batch(schema, shapely.box([2 * number, 2 * number + 1], 0, [2 * number + 1, 2 * number + 2], 1), ROWS)


@pytest.mark.parametrize("ending", [".gpkg", ".parquet"])
def test_rows_and_polygons_are_read_back(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    schema = with_geometry(path, PLAIN)
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
def test_an_output_is_replaced_only_when_all_is_written(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    schema = with_geometry(path, PLAIN)
    write(path, schema, batches(schema, 1), UTM)
    before = path.read_bytes()

    def broken() -> Iterator[pa.RecordBatch]:
        yield from batches(schema)
        raise DataError("The journal is gone.")

    with pytest.raises(DataError, match=r"The journal is gone\."):
        write(path, schema, broken(), UTM)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    write(path, schema, batches(schema), UTM)
    assert path.read_bytes() != before


def test_format_folder_and_existing_file_are_checked(tmp_path: Path) -> None:
    check_output(tmp_path / "a.GPKG")
    for wrong in ("a.shp", "none/a.gpkg"):
        with pytest.raises(UsageError):
            check_output(tmp_path / wrong)
    (tmp_path / "other.gpkg").write_text("my notes")
    (tmp_path / "other.parquet").write_text("my notes")
    for wrong in ("other.gpkg", "other.parquet"):
        with pytest.raises(RsgptError, match="would be replaced"):
            check_output(tmp_path / wrong)


def test_an_input_of_the_run_is_refused_as_its_output(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    pyogrio.write_arrow(
        pa.table([pa.array(shapely.to_wkb([shapely.box(0, 0, 1, 1)]), pa.binary())], ["geom"]),
        path, "mask", "GPKG", geometry_name="geom", geometry_type="Polygon", crs=UTM,
    )  # fmt: skip
    check_output(path, ["other.tif"])
    with pytest.raises(UsageError, match="which this run reads"):
        check_output(path, ["other.tif", f"GPKG:{path}:second"])


def test_a_layer_of_another_program_is_not_replaced(tmp_path: Path) -> None:
    path, schema = tmp_path / "a.gpkg", with_geometry(tmp_path / "a.gpkg", PLAIN)
    write(path, schema, batches(schema), UTM)  # without the columns of a result
    with pytest.raises(RsgptError, match="not a result"):
        check_output(path)


@pytest.mark.parametrize("ending", [".gpkg", ".parquet"])
def test_units_of_a_crs_are_kept(tmp_path: Path, ending: str) -> None:
    """GDAL replaces this CRS in kilometers by EPSG:32611, which is in meters."""
    km = CRS("+proj=utm +zone=11 +datum=WGS84 +units=km")
    path = tmp_path / f"a{ending}"
    schema = with_geometry(path, PLAIN)
    try_output(path, schema, km.to_wkt(), shapely.box(500, 3999, 501, 4000))
    assert list(tmp_path.iterdir()) == []
    shapes = shapely.box([500, 501], 3999, [501, 502], 4000)
    write(path, schema, iter([batch(schema, shapes, ROWS)]), km.to_wkt())
    if ending == ".gpkg":
        crs = CRS(crs_of(path, "tiles"))
    else:
        crs = CRS.from_json_dict(json.loads(pq.read_schema(path).metadata[b"geo"])["columns"]["geometry"]["crs"])
    to_degrees = Transformer.from_crs(crs, 4326, always_xy=True)
    assert to_degrees.transform(500, 4000) == pytest.approx((-117, 36.1447), abs=1e-4)


def test_a_format_that_cannot_store_the_columns_is_refused_in_advance(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    schema = with_geometry(path, pa.schema([(f"a{number}", pa.string()) for number in range(2100)]))
    with pytest.raises(DataError, match="cannot be written"):
        try_output(path, schema, UTM, shapely.box(0, 0, 1, 1))
    assert list(tmp_path.iterdir()) == []


def test_leftovers_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    schema = with_geometry(path, PLAIN)
    for name in (".a.part.gpkg", ".a.part.gpkg-journal", "a.gpkg-wal", "a.gpkg-shm"):
        (tmp_path / name).write_bytes(b"left" * 1000)
    write(path, schema, batches(schema), UTM)
    assert [file.name for file in tmp_path.iterdir()] == ["a.gpkg"]
    assert pyogrio.read_info(path, force_feature_count=True)["features"] == 4
