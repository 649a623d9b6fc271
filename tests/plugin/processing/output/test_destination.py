"""Outputs never overwrite other data, and format problems are reported before the model is asked."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import processing
import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProject,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsVectorFileWriter,
    QgsVectorLayer,
)

from tests.plugin.corrections import correct, restore
from tests.plugin.rasters import OddRaster, pattern, write

from ..conftest import ScriptedGateway

pytestmark = pytest.mark.usefixtures("provider")

Make = Callable[..., QgsRasterLayer]
X, Y = 500000.0, 4000000.0
KILOMETERS = "+proj=utm +zone=11 +datum=WGS84 +units=km +type=crs"


class ReceivedMessages(QgsProcessingFeedback):
    """Keeps warnings and infos."""

    def __init__(self) -> None:
        super().__init__(False)
        self.messages: list[str] = []

    def pushWarning(self, warning: str) -> None:
        self.messages.append(warning)

    def pushInfo(self, info: str) -> None:
        self.messages.append(info)


def squares(path: Path, rows: Sequence[dict[str, Any]]) -> str:
    """Write a GeoJSON file of squares on the raster with these properties."""
    features = []
    for number, properties in enumerate(rows):
        x, y = X + 2 + 10 * number, Y - 12
        ring = [[x, y], [x + 8, y], [x + 8, y + 8], [x, y + 8], [x, y]]
        shape = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": properties, "geometry": shape})
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32611"}}
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}))
    return str(path)


def saved(path: Path, name: str, driver: str = "GPKG", append: bool = False) -> Path:
    """Write a layer of parcels on the raster to a file."""
    path.parent.mkdir(exist_ok=True)
    source = path.with_name("source.geojson")
    layer = QgsVectorLayer(squares(source, [{"owner": "a"}, {"owner": "b"}]), "parcels", "ogr")
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName, options.layerName = driver, name
    if append:
        options.actionOnExistingFile = QgsVectorFileWriter.ActionOnExistingFile.CreateOrOverwriteLayer
    QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), QgsCoordinateTransformContext(), options)
    source.unlink()
    return path


def describe(
    raster: QgsRasterLayer, output: Any, features: Any = None, **parameters: Any
) -> tuple[str, ReceivedMessages]:
    """Run the algorithm for tiles or features; return the output and the messages."""
    name = "rsgpt:describefeatures" if features is not None else "rsgpt:describeraster"
    inputs = {"FEATURES": features} if features is not None else {"TILE_SIZE": 64}
    feedback = ReceivedMessages()
    values = {"INPUT": raster, "OUTPUT": str(output) if isinstance(output, Path) else output, **inputs, **parameters}
    return str(processing.run(name, values, feedback=feedback)["OUTPUT"]), feedback


def refusal(raster: QgsRasterLayer, output: Any, features: Any = None, **parameters: Any) -> str:
    with pytest.raises(QgsProcessingException) as caught:
        describe(raster, output, features, **parameters)
    return str(caught.value)


def layers_in(path: Path) -> list[str]:
    return sorted(sublayer.name() for sublayer in QgsProviderRegistry.instance().querySublayers(str(path)))


def units_of(path: Path) -> Any:
    """Return the map units. After an error of Processing, a layer in a local would stay open: QGIS keeps the frames."""
    return QgsVectorLayer(str(path), "written", "ogr").crs().mapUnits()


def rows(address: str) -> list[QgsFeature]:
    layer = QgsVectorLayer(address, "written", "ogr")
    assert layer.isValid()
    return list(layer.getFeatures())


@pytest.fixture
def small(raster: Make) -> QgsRasterLayer:
    return raster(pattern(3, 64, 128))


@pytest.mark.parametrize(("name", "times"), [("mine", 1), ("mine", 2), ("mine.v2", 2)])
def test_the_other_layers_of_a_geopackage_are_kept(
    small: QgsRasterLayer, gateway: ScriptedGateway, tmp_path: Path, name: str, times: int
) -> None:
    mine = saved(tmp_path / f"{name}.gpkg", "parcels")
    saved(mine, "trees", append=True)
    for _ in range(times):
        address, _ = describe(small, mine)
    assert layers_in(mine) == ["mine", "parcels", "trees"]  # QGIS names a layer by what precedes the first dot
    assert [row["status"] for row in rows(address)] == ["answered"] * 2
    assert [row["owner"] for row in rows(f"{mine}|layername=parcels")] == ["a", "b"]


def test_earlier_results_are_overwritten(small: QgsRasterLayer, gateway: ScriptedGateway, tmp_path: Path) -> None:
    for caption in ("first", "second"):
        gateway.say = partial(lambda caption, prompt: caption, caption)
        address, _ = describe(small, tmp_path / "a.gpkg", PROMPT=caption)
    assert (layers_in(tmp_path / "a.gpkg"), [row["caption"] for row in rows(address)]) == (["a"], ["second"] * 2)


@pytest.mark.parametrize("name", ["mine.gpkg", "ogr"])
def test_a_layer_without_results_is_not_overwritten(
    small: QgsRasterLayer, gateway: ScriptedGateway, tmp_path: Path, name: str
) -> None:
    mine = saved(tmp_path / "mine.gpkg", "mine")
    before = mine.read_bytes()
    output = f"ogr:dbname='{mine}' table=\"MINE\" (geom)" if name == "ogr" else mine
    assert "a layer mine that is not a result of RSGPT" in refusal(small, output)
    assert (mine.read_bytes(), gateway.prompts, gateway.connections) == (before, [], 0)


@pytest.mark.parametrize(
    ("driver", "ending"), [("ESRI Shapefile", "shp"), ("GeoJSON", "geojson"), ("CSV", "csv"), ("FlatGeobuf", "fgb")]
)
def test_a_file_without_results_is_not_overwritten(
    small: QgsRasterLayer, gateway: ScriptedGateway, tmp_path: Path, driver: str, ending: str
) -> None:
    mine = saved(tmp_path / f"x.{ending}", "x", driver)
    before = mine.read_bytes()
    assert "holds data that is not a result" in refusal(small, mine)
    assert (mine.read_bytes(), gateway.connections) == (before, 0)
    for _ in range(2):
        describe(small, tmp_path / f"ours.{ending}")


def test_a_file_of_unknown_format_is_not_overwritten(
    small: QgsRasterLayer, gateway: ScriptedGateway, tmp_path: Path
) -> None:
    (tmp_path / "a.sql").write_text("my notes")
    assert "holds data that is not a result" in refusal(small, tmp_path / "a.sql")
    (tmp_path / "a.gpkg").write_text("my notes")
    assert "not a GeoPackage" in refusal(small, tmp_path / "a.gpkg")


@pytest.mark.parametrize("ending", ["gpkg", "shp", "geojson"])
@pytest.mark.parametrize("through", ["itself", "link", "detour"])
def test_the_input_features_are_not_overwritten(
    small: QgsRasterLayer, gateway: ScriptedGateway, tmp_path: Path, ending: str, through: str
) -> None:
    driver = {"gpkg": "GPKG", "shp": "ESRI Shapefile", "geojson": "GeoJSON"}[ending]
    own = saved(tmp_path / "sub" / f"self.{ending}", "self", driver)
    before = own.read_bytes()
    output = {"itself": own, "detour": f"{tmp_path}/sub/../sub/self.{ending}"}.get(through, tmp_path / f"l.{ending}")
    if through == "link":
        os.symlink(own, tmp_path / f"l.{ending}")
    assert "which this run reads" in refusal(small, output, str(own))
    assert (own.read_bytes(), gateway.connections) == (before, 0)


def test_the_output_may_be_another_layer_of_the_input_geopackage(
    small: QgsRasterLayer, gateway: ScriptedGateway, tmp_path: Path
) -> None:
    own = saved(tmp_path / "own.gpkg", "parcels")
    features = f"{own}|layername=parcels"
    table = f"ogr:dbname='{own}' table=\"{{}}\" (geom)"
    describe(small, table.format("answers"), features)
    assert layers_in(own) == ["answers", "parcels"]
    assert "which this run reads" in refusal(small, table.format("parcels"), features)


def test_rasters_their_sources_and_masks_are_not_overwritten(
    gateway: ScriptedGateway, tmp_path: Path, project: QgsProject
) -> None:
    part = tmp_path / "part.gpkg"
    processing.run("gdal:translate", {"INPUT": str(write(tmp_path / "p.tif", pattern(3, 64, 64))), "OUTPUT": str(part)})
    assert part.is_file()
    source = f"<SourceFilename relativeToVRT='1'>{part.name}</SourceFilename>"
    simple = f"<SimpleSource>{source}<SourceBand>1</SourceBand></SimpleSource>"
    band = f"<VRTRasterBand dataType='Byte' band='1'>{simple}</VRTRasterBand>"
    (tmp_path / "all.vrt").write_text(
        "<VRTDataset rasterXSize='64' rasterYSize='64'><SRS>EPSG:32611</SRS>"
        f"<GeoTransform>{X}, 0.5, 0, {Y}, 0, -0.5</GeoTransform>{band}</VRTDataset>"
    )
    for name in ("part.gpkg", "all.vrt"):
        raster = project.addMapLayer(QgsRasterLayer(str(tmp_path / name), name))
        assert raster.isValid()
        assert "which this run reads" in refusal(raster, part)
    mask = saved(tmp_path / "mask.gpkg", "mask")
    assert "which this run reads" in refusal(raster, mask, MASK=str(mask))


CASES: dict[str, tuple[list[dict[str, Any]], dict[str, list[Any]]]] = {
    "fid twice": ([{"fid": 1, "n": "a"}, {"fid": 1, "n": "b"}, {"fid": 2, "n": "c"}], {"fid_2": [1, 1, 2]}),
    "fid of text": ([{"fid": "p-01"}, {"fid": "p-02"}], {"fid_2": ["p-01", "p-02"]}),
    "fid of numbers": ([{"fid": 1.5}, {"fid": 2.5}], {"fid_2": [1.5, 2.5]}),
    "fid as it should be": ([{"fid": 7}, {"fid": 3}], {"fid": [3, 7]}),
    "FID": ([{"FID": 7, "fid_2": 1}, {"FID": 7, "fid_2": 2}], {"FID_3": [7, 7], "fid_2": [1, 2]}),
    "case": ([{"name": "low", "NAME": "HIGH"}], {"name": ["low"], "NAME_2": ["HIGH"]}),
    "geometry": ([{"geom": "a", "Geom": "b"}], {"geom_2": ["a"], "Geom_3": ["b"]}),
    "objects": (
        [{"tags": ["a", "b"], "meta": {"k": 1}}, {"tags": [], "meta": None}],
        {"tags": ['["a", "b"]', "[]"], "meta": ['{"k": 1}', None]},
    ),
    "our own names": ([{"caption": "mine", "CAPTION": "too"}], {"caption": ["mine"], "CAPTION_3": ["too"]}),
}


@pytest.mark.parametrize("into", ["a new file", "a table"])
@pytest.mark.parametrize("case", CASES)
def test_columns_that_a_format_rejects_are_renamed_or_converted(
    small: QgsRasterLayer, gateway: ScriptedGateway, tmp_path: Path, case: str, into: str
) -> None:
    properties, expected = CASES[case]
    out = tmp_path / "out.gpkg"
    if into == "a table":
        saved(out, "others")
    address, _ = describe(small, out, squares(tmp_path / "in.geojson", properties))
    written = rows(address)
    assert [row["status"] for row in written] == ["answered"] * len(properties)
    assert {name: [row[name] or None for row in written] for name in expected} == expected


@pytest.mark.parametrize("ending", ["gpkg", "fgb", "shp", "geojson", "sqlite", "kml"])
def test_a_crs_in_kilometers_is_stored_or_refused(
    gateway: ScriptedGateway, tmp_path: Path, project: QgsProject, ending: str
) -> None:
    """GDAL mistakes this CRS in kilometers for EPSG:32611, which is in meters."""
    odd = OddRaster(
        (500.0, 0.0005, 0.0, 4000.0, 0.0, -0.0005), QgsCoordinateReferenceSystem.fromProj(KILOMETERS).toWkt()
    )
    raster = project.addMapLayer(QgsRasterLayer(str(write(tmp_path / "km.tif", pattern(3, 64, 64), odd)), "km"))
    out = tmp_path / f"a.{ending}"
    if ending in ("gpkg", "shp", "kml"):
        address, _ = describe(raster, out)
        layer = QgsVectorLayer(address, "written", "ogr")
        degrees = QgsCoordinateReferenceSystem("EPSG:4326")
        box = QgsCoordinateTransform(layer.crs(), degrees, project).transformBoundingBox(layer.extent())
        assert (box.xMinimum(), box.yMaximum()) == (pytest.approx(-117, abs=1e-4), pytest.approx(36.1447, abs=1e-4))
    else:
        assert "cannot store the coordinate system" in refusal(raster, out)
        assert (gateway.connections, out.exists()) == (0, False)


def test_rows_of_a_failed_run_are_in_the_right_place(
    gateway: ScriptedGateway, tmp_path: Path, project: QgsProject
) -> None:
    odd = OddRaster(
        (500.0, 0.0005, 0.0, 4000.0, 0.0, -0.0005), QgsCoordinateReferenceSystem.fromProj(KILOMETERS).toWkt()
    )
    raster = project.addMapLayer(QgsRasterLayer(str(write(tmp_path / "km.tif", pattern(3, 64, 256), odd)), "km"))
    describe(raster, "TEMPORARY_OUTPUT", TILE_SIZE=32, EXTENT="500,500.032,3999.968,4000")
    gateway.dies_after = 2
    assert "stopped twice" in refusal(raster, tmp_path / "a.gpkg", TILE_SIZE=32)
    assert (len(rows(str(tmp_path / "a.gpkg"))), units_of(tmp_path / "a.gpkg")) == (4, raster.crs().mapUnits())


def test_a_format_without_empty_values_is_refused(
    small: QgsRasterLayer, gateway: ScriptedGateway, tmp_path: Path
) -> None:
    message = refusal(small, tmp_path / "a.tab", QUESTIONS="cars[integer]: How many cars are there?")
    assert "cannot store empty values" in message
    assert gateway.connections == 0


@pytest.mark.parametrize("ending", ["csv", "xlsx", "ods"])
def test_a_format_without_geometry_is_reported(
    small: QgsRasterLayer, gateway: ScriptedGateway, tmp_path: Path, ending: str
) -> None:
    _, feedback = describe(small, tmp_path / f"a.{ending}")
    assert any("stores no geometry" in message for message in feedback.messages)


def test_dropped_columns_are_reported(small: QgsRasterLayer, gateway: ScriptedGateway, tmp_path: Path) -> None:
    features = squares(tmp_path / "in.geojson", [{"MODEL": "Boeing"}])
    _, feedback = describe(small, tmp_path / "a.kml", features)
    assert any("drops the columns" in message for message in feedback.messages)


@pytest.mark.parametrize("ending", ["gpkg", "shp", "geojson", "fgb", "csv"])
def test_common_file_types_are_written_without_messages(
    small: QgsRasterLayer, gateway: ScriptedGateway, tmp_path: Path, ending: str
) -> None:
    address, feedback = describe(
        small, tmp_path / f"a.{ending}", QUESTIONS="cars[integer]: How many?\nw[yesno]: Water?"
    )
    assert len(rows(address)) == 2
    warnings = [message for message in feedback.messages if "format" in message]
    assert warnings == ([feedback.messages[0]] if ending == "csv" else [])


def test_a_layer_of_mixed_geometries_is_tried_with_each_type(
    small: QgsRasterLayer, gateway: ScriptedGateway, tmp_path: Path
) -> None:
    squares(tmp_path / "in.geojson", [{"a": 1}])
    data = json.loads((tmp_path / "in.geojson").read_text())
    point = {"type": "Feature", "properties": {"a": 2}, "geometry": {"type": "Point", "coordinates": [X + 20, Y - 10]}}
    data["features"].append(point)
    (tmp_path / "in.geojson").write_text(json.dumps(data))
    message = refusal(small, tmp_path / "a.shp", str(tmp_path / "in.geojson"))
    assert "cannot store these rows" in message
    assert gateway.connections == 0
    address, _ = describe(small, tmp_path / "a.gpkg", str(tmp_path / "in.geojson"))
    assert len(rows(address)) == 2


def test_a_write_ahead_log_of_a_killed_program_is_applied_first(
    small: QgsRasterLayer, gateway: ScriptedGateway, tmp_path: Path
) -> None:
    """The log holds committed pages, which SQLite would otherwise apply to the new file."""
    out = tmp_path / "a.gpkg"
    describe(small, out)
    database = sqlite3.connect(out)
    database.executescript("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE notes (a TEXT)")
    database.executemany("INSERT INTO notes VALUES (?)", [("kept" * 100,)] * 400)
    database.commit()
    files = [(name, (tmp_path / name).read_bytes()) for name in ("a.gpkg", "a.gpkg-wal")]
    database.close()
    for name, content in files:
        (tmp_path / name).write_bytes(content)
    address, _ = describe(small, out, QUESTIONS="w: What is it?")
    assert [row["status"] for row in rows(address)] == ["answered"] * 2
    with closing(sqlite3.connect(out)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("SELECT count(*) FROM notes").fetchone() == (400,)


@pytest.mark.parametrize("ending", ["gpkg", "geojson"])
def test_corrected_rows_are_not_overwritten(
    small: QgsRasterLayer, gateway: ScriptedGateway, tmp_path: Path, project: QgsProject, ending: str
) -> None:
    address, _ = describe(small, tmp_path / f"a.{ending}")
    layer = project.addMapLayer(QgsVectorLayer(address, "answers", "ogr"))
    (first, *_) = layer.getFeatures()
    correct(layer, first.id(), "caption", "my own words")
    assert "that a person reviewed (1)" in refusal(small, tmp_path / f"a.{ending}")
    restore(layer, first.id(), "caption")
    describe(small, tmp_path / f"a.{ending}")


def test_an_output_locked_by_another_program_is_refused(
    small: QgsRasterLayer, gateway: ScriptedGateway, tmp_path: Path
) -> None:
    out = tmp_path / "a.gpkg"
    describe(small, out)
    before = len(gateway.prompts)
    with closing(sqlite3.connect(out, isolation_level=None)) as editor:
        editor.execute("BEGIN IMMEDIATE")
        assert "being written by another program" in refusal(small, out, PROMPT="Another one?")
    assert len(gateway.prompts) == before


def test_an_output_that_the_project_shows_is_overwritten(
    small: QgsRasterLayer, gateway: ScriptedGateway, tmp_path: Path, project: QgsProject
) -> None:
    out = tmp_path / "a.gpkg"
    describe(small, out)
    shown = project.addMapLayer(QgsVectorLayer(str(out), "shown", "ogr"))
    assert shown.featureCount() == 2
    address, _ = describe(small, out, PROMPT="Another one?")
    assert [row["prompt"] for row in rows(address)] == ["Another one?"] * 2
