"""GeoPackage and GeoJSON hold all rows in the right place, and an export leaves other layers of a file alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsGeometry,
    QgsProject,
    QgsProviderRegistry,
    QgsVectorLayer,
)

from rsgpt_plugin.errors import Cancelled, OutputError
from rsgpt_plugin.geo.results.export.export_rows import ExportRows
from rsgpt_plugin.geo.results.export.geodata import write_geojson, write_geopackage
from tests.plugin.corrections import correct
from tests.plugin.geo.reference_systems import LOCAL
from tests.plugin.geo.results.export.exports import add_column, rows_to_export, stop_after
from tests.plugin.results import fids, results_layer

Writer = Callable[[ExportRows, Path], None]

BOTH = pytest.mark.parametrize(("write", "ending"), [(write_geopackage, ".gpkg"), (write_geojson, ".geojson")])

pytestmark = pytest.mark.usefixtures("qgis_new_project")


def written(path: Path) -> QgsVectorLayer:
    layer = QgsVectorLayer(str(path), "written")
    assert layer.isValid()
    return layer


def left_behind(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


@pytest.mark.parametrize("source", ["memory", "GPKG"])
def test_geopackage_contains_rows_and_corrections(tmp_path: Path, source: str) -> None:
    layer = results_layer(["a", "b"], source, tmp_path)
    correct(layer, fids(layer)[1], "trees", True)
    write_geopackage(rows_to_export(layer), tmp_path / "out.gpkg")
    out = written(tmp_path / "out.gpkg")
    first, second = out.getFeatures()
    assert (out.crs().authid(), first["caption"], first["trees"]) == ("EPSG:32611", "a", True)
    assert (second["trees"], second["trees_model"], second["corrected"]) == (True, False, "trees")
    assert first.geometry().equals(layer.getFeature(fids(layer)[0]).geometry())
    assert list(tmp_path.glob("*.part*")) == []


def test_geojson_has_coordinates_in_degrees(tmp_path: Path) -> None:
    write_geojson(rows_to_export(results_layer(["a"])), tmp_path / "a.geojson")
    collection = json.loads((tmp_path / "a.geojson").read_text("utf-8"))
    (feature,) = collection["features"]
    x, y = feature["geometry"]["coordinates"][0][0]
    assert (x, y) == (pytest.approx(-117.0, abs=0.01), pytest.approx(36.1, abs=0.1))
    assert (feature["properties"]["cars"], feature["properties"]["trees"]) == (0, True)
    assert "crs" not in collection  # RFC 7946 has no other CRS than degrees


@BOTH
def test_rows_keep_the_order_of_the_table(tmp_path: Path, write: Writer, ending: str) -> None:
    write(rows_to_export(results_layer(["a", "b", "c"]), [2, 0, 1]), tmp_path / f"a{ending}")
    assert [row["caption"] for row in written(tmp_path / f"a{ending}").getFeatures()] == ["c", "a", "b"]


@BOTH
def test_an_earlier_export_is_replaced(tmp_path: Path, write: Writer, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    write(rows_to_export(results_layer(["a", "b", "c"])), path)
    write(rows_to_export(results_layer(['it\'s "odd" <b>城市</b>'])), path)
    assert [row["caption"] for row in written(path).getFeatures()] == ['it\'s "odd" <b>城市</b>']
    assert left_behind(tmp_path) == [path.name]


@BOTH
def test_a_row_without_a_place_is_kept(tmp_path: Path, write: Writer, ending: str) -> None:
    layer = results_layer(["nowhere", "here"])
    layer.dataProvider().changeGeometryValues({fids(layer)[0]: QgsGeometry()})
    write(rows_to_export(layer), tmp_path / f"a{ending}")
    rows = {row["caption"]: row.geometry().isEmpty() for row in written(tmp_path / f"a{ending}").getFeatures()}
    assert rows == {"nowhere": True, "here": False}


@BOTH
def test_a_stopped_export_leaves_the_earlier_file(tmp_path: Path, write: Writer, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    write(rows_to_export(results_layer(["earlier"])), path)
    with pytest.raises(Cancelled):
        write(rows_to_export(results_layer(["a", "b"]), progress=stop_after(50)), path)
    assert [row["caption"] for row in written(path).getFeatures()] == ["earlier"]
    assert left_behind(tmp_path) == [path.name]


@BOTH
def test_a_folder_that_does_not_exist_is_named_with_advice(tmp_path: Path, write: Writer, ending: str) -> None:
    path = tmp_path / "missing" / f"a{ending}"
    with pytest.raises(OutputError, match=rf"a{ending} cannot be written \(.+\)\. Choose another folder"):
        write(rows_to_export(results_layer(["a"])), path)
    assert left_behind(tmp_path) == []


@BOTH
def test_a_folder_in_the_place_of_the_file_is_not_replaced(tmp_path: Path, write: Writer, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    path.mkdir()
    with pytest.raises(OutputError, match="cannot be written|is not a GeoPackage"):
        write(rows_to_export(results_layer(["a"])), path)
    assert path.is_dir()
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize(
    ("write", "ending", "column"), [(write_geojson, ".geojson", "fid"), (write_geopackage, ".gpkg", "fid_2")]
)
def test_a_user_column_named_fid_is_exported(tmp_path: Path, write: Writer, ending: str, column: str) -> None:
    layer = results_layer(["a", "b"])
    add_column(layer, "fid", values=["north", "north"])
    write(rows_to_export(layer), tmp_path / f"a{ending}")
    assert [row[column] for row in written(tmp_path / f"a{ending}").getFeatures()] == ["north", "north"]


def test_columns_that_a_geopackage_rejects_are_renamed(tmp_path: Path) -> None:
    layer = results_layer(["a", "b"])
    for name in ("fid", "geom", "CAPTION"):
        add_column(layer, name, values=["mine", "mine"])
    write_geopackage(rows_to_export(layer), tmp_path / "a.gpkg")
    rows = list(written(tmp_path / "a.gpkg").getFeatures())
    assert [[row[name] for name in ("caption", "fid_2", "geom_2", "CAPTION_2")] for row in rows] == [
        ["a", "mine", "mine", "mine"],
        ["b", "mine", "mine", "mine"],
    ]


@pytest.mark.parametrize("times", [1, 2])
def test_other_layers_of_a_geopackage_are_preserved(tmp_path: Path, times: int) -> None:
    other = QgsVectorLayer(results_layer(["mine"], "GPKG", tmp_path).source(), "other")
    for _ in range(times):
        write_geopackage(rows_to_export(results_layer(["a", "b"])), tmp_path / "answers.gpkg")
    sublayers = QgsProviderRegistry.instance().querySublayers(str(tmp_path / "answers.gpkg"))
    assert sorted(sublayer.name() for sublayer in sublayers) == ["answers", "results"]
    assert [row["caption"] for row in other.getFeatures()] == ["mine"]
    results = QgsVectorLayer(f"{tmp_path / 'answers.gpkg'}|layername=results", "results")
    assert [row["caption"] for row in results.getFeatures()] == ["a", "b"]


def test_geopackage_keeps_the_units_of_a_crs(tmp_path: Path) -> None:
    """GDAL would identify this CRS in kilometers as EPSG:32611, which is in meters."""
    layer = results_layer(["a"])
    km = QgsCoordinateReferenceSystem.fromProj("+proj=utm +zone=11 +datum=WGS84 +units=km +type=crs")
    layer.setCrs(km)
    write_geopackage(rows_to_export(layer), tmp_path / "a.gpkg")
    transform = QgsCoordinateTransform(written(tmp_path / "a.gpkg").crs(), km, QgsProject.instance())
    assert transform.transform(500, 4000).distance(500, 4000) < 1e-6


def test_a_local_crs_fits_a_geopackage_and_not_geojson(tmp_path: Path) -> None:
    layer = results_layer(["a"])
    layer.setCrs(LOCAL)
    with pytest.raises(OutputError, match="cannot be transformed.*Choose GeoPackage"):
        write_geojson(rows_to_export(layer), tmp_path / "a.geojson")
    assert left_behind(tmp_path) == []
    write_geopackage(rows_to_export(layer), tmp_path / "a.gpkg")
    (row,) = written(tmp_path / "a.gpkg").getFeatures()
    assert row.geometry().boundingBox().xMinimum() == 500000


def test_lists_of_the_described_features_become_json(tmp_path: Path) -> None:
    layer = results_layer(["a"])
    add_column(layer, "tags", "string[]", [["ä", "b"]])
    write_geopackage(rows_to_export(layer), tmp_path / "a.gpkg")
    (row,) = written(tmp_path / "a.gpkg").getFeatures()
    assert json.loads(row["tags"]) == ["ä", "b"]


def test_points_and_lines_are_exported(tmp_path: Path) -> None:
    for kind, wkt in (
        ("Point", "Point (500000 4000000)"),
        ("LineString", "LineString (500000 4000000, 500010 4000000)"),
    ):
        layer = QgsVectorLayer(f"{kind}?crs=EPSG:32611", "a", "memory")
        layer.dataProvider().addAttributes(results_layer([]).fields())
        layer.updateFields()
        source = results_layer(["a"])
        (row,) = source.getFeatures()
        row.setGeometry(QgsGeometry.fromWkt(wkt))
        layer.dataProvider().addFeatures([row])
        write_geopackage(rows_to_export(layer), tmp_path / f"{kind}.gpkg")
        (copy,) = written(tmp_path / f"{kind}.gpkg").getFeatures()
        assert copy.geometry().equals(QgsGeometry.fromWkt(wkt))
