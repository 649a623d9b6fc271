"""Tests of `rsgpt:describeraster` in a real QGIS: results and error messages."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import processing
import pytest
from osgeo import gdal, ogr, osr
from processing.gui import Postprocessing
from qgis.core import (
    QgsApplication,
    QgsFeature,
    QgsGeometry,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QEventLoop

from rsgpt_plugin.client import answer_source
from rsgpt_plugin.errors import SetupError
from rsgpt_plugin.processing.describeraster import DescribeRaster
from tests.plugin.rasters import DEGREES, LOCAL_CRS, NORTH_UP, ROTATED, OddRaster, pattern, truncate, write

from .conftest import ScriptedGateway, number_in, numbered, rows_of

pytestmark = pytest.mark.usefixtures("provider")

Make = Callable[..., QgsRasterLayer]


def describe(layer: QgsRasterLayer, **parameters: Any) -> dict[str, Any]:
    return processing.run(
        "rsgpt:describeraster", {"INPUT": layer, "TILE_SIZE": 32, "OUTPUT": "TEMPORARY_OUTPUT", **parameters}
    )


def refusal(layer: object, **parameters: Any) -> str:
    with pytest.raises(QgsProcessingException) as caught:
        describe(layer, **parameters)
    return str(caught.value)


def counts(result: dict[str, Any]) -> tuple[int, ...]:
    return tuple(result[name] for name in ("TILES", "ANSWERED", "SKIPPED", "FAILED", "ASKED", "CACHED"))


def test_each_tile_becomes_a_polygon_with_its_own_answer(raster: Make, gateway: ScriptedGateway) -> None:
    gateway.say = lambda prompt: f"tile {number_in(prompt)}" if "Describe" in prompt.text else str(number_in(prompt))
    result = describe(raster(numbered(3, 5)), QUESTIONS="n[integer]: Which number?")
    rows = rows_of(result["OUTPUT"])
    assert counts(result) == (15, 15, 0, 0, 30, 0)
    assert [row["n"] for row in rows] == list(range(15))
    assert [row["caption"] for row in rows] == [f"tile {number}" for number in range(15)]
    assert rows[7].geometry().boundingBox() == QgsRectangle(500032, 3999968, 500048, 3999984)


def test_a_second_run_asks_nothing(raster: Make, gateway: ScriptedGateway) -> None:
    layer = raster(numbered(3, 5))
    first = describe(layer)
    again = describe(layer, TILE_SIZE=32)
    assert counts(again) == (15, 15, 0, 0, 0, 15)
    assert [r.attributes() for r in rows_of(first["OUTPUT"])] == [r.attributes() for r in rows_of(again["OUTPUT"])]
    assert gateway.connections == 1


@pytest.mark.parametrize(
    ("values", "odd"),
    [
        (pattern(1, 64, 96, "uint16"), OddRaster()),
        (pattern(2, 64, 96), OddRaster()),
        (pattern(4, 64, 96), OddRaster(crs=LOCAL_CRS)),
        (pattern(3, 64, 96), OddRaster(DEGREES, 4326)),
        (pattern(3, 64, 96), OddRaster(ROTATED)),
        (pattern(1, 64, 96), OddRaster(palette=True)),
        (np.where(pattern(1, 64, 96, "float32") > 0.2, np.nan, pattern(1, 64, 96, "float32")), OddRaster()),
    ],
    ids=["16 bit", "two bands", "four bands, local CRS", "degrees", "rotated", "palette", "NaN"],
)
def test_odd_rasters_work(raster: Make, gateway: ScriptedGateway, values: np.ndarray, odd: OddRaster) -> None:
    result = describe(raster(values, odd))
    layer = result["OUTPUT"]
    assert counts(result)[:4] == (6, 6, 0, 0)
    assert layer.crs().isValid()
    covered = QgsGeometry.unaryUnion([row.geometry() for row in layer.getFeatures()])
    transform = odd.geotransform
    pixel = abs(transform[1] * transform[5] - transform[2] * transform[4])
    assert covered.area() == pytest.approx(64 * 96 * pixel, rel=1e-4)


def test_tiles_without_data_are_skipped(raster: Make, gateway: ScriptedGateway) -> None:
    values = pattern(1, 64, 96, "int16")
    values[0, :32, :64] = -9999
    result = describe(raster(values, OddRaster(nodata=-9999)))
    assert counts(result) == (6, 4, 2, 0, 4, 0)
    assert [row["status"] for row in rows_of(result["OUTPUT"])] == ["skipped"] * 2 + ["answered"] * 4


def test_an_extent_is_clipped_to_the_raster(raster: Make, gateway: ScriptedGateway) -> None:
    result = describe(raster(numbered(3, 5)), EXTENT="499000,500032,3999968,4001000 [EPSG:32611]")
    assert result["TILES"] == 4


def test_an_extent_in_another_crs_is_transformed(raster: Make, gateway: ScriptedGateway) -> None:
    result = describe(raster(numbered(3, 5)), EXTENT="-118,-116,35,37 [EPSG:4326]")
    assert result["TILES"] == 15


def test_a_mask_selects_tiles_without_moving_the_grid(raster: Make, gateway: ScriptedGateway) -> None:
    layer = raster(numbered(3, 5))
    describe(layer)
    mask = QgsVectorLayer("Polygon?crs=EPSG:32611", "mask", "memory")
    feature = QgsFeature()
    # Tile 6 exactly, and a corner of tile 14.
    wkt = "MultiPolygon (((500016 3999968, 500032 3999968, 500032 3999984, 500016 3999984, 500016 3999968)))"
    feature.setGeometry(QgsGeometry.fromWkt(wkt))
    corner = QgsFeature()
    corner.setGeometry(QgsGeometry.fromRect(QgsRectangle(500079, 3999951, 500090, 3999953)))
    mask.dataProvider().addFeatures([feature, corner])
    result = describe(layer, MASK=mask)
    assert counts(result) == (2, 2, 0, 0, 0, 2)


def test_overlap_makes_more_tiles(raster: Make, gateway: ScriptedGateway) -> None:
    assert describe(raster(pattern(3, 64, 64)), OVERLAP=50)["TILES"] == 9


def test_bands_can_be_chosen(raster: Make, gateway: ScriptedGateway) -> None:
    (row,) = rows_of(describe(raster(pattern(4, 32, 32)), BANDS=[4, 3, 2])["OUTPUT"])
    assert row["bands"] == "4,3,2"


def test_a_ground_resolution_renders(raster: Make, gateway: ScriptedGateway) -> None:
    rows = rows_of(describe(raster(pattern(3, 128, 128)), GROUND_RESOLUTION=1.0)["OUTPUT"])
    assert len(rows) == 4
    assert rows[0]["gsd_m"] == pytest.approx(1.0, rel=1e-3)
    assert rows[0]["bands"] == "rendered"
    assert [prompt.gsd_m for prompt in gateway.prompts] == pytest.approx([1.0] * 4, rel=1e-3)


def test_questions_work_without_a_caption(raster: Make, gateway: ScriptedGateway) -> None:
    gateway.say = lambda prompt: "no"
    (row,) = rows_of(describe(raster(pattern(3, 32, 32)), CAPTION=False, QUESTIONS="w[yesno]: Water?")["OUTPUT"])
    assert (row["w"], row["status"], row["prompt"]) == (False, "answered", "w[yesno]: Water?")


def test_it_runs_in_a_worker_thread(raster: Make, gateway: ScriptedGateway) -> None:
    context, feedback, ended = QgsProcessingContext(), QgsProcessingFeedback(), list[tuple[bool, dict[str, Any]]]()
    algorithm = DescribeRaster().create()
    parameters = {"INPUT": raster(numbered(3, 5)), "TILE_SIZE": 32, "OUTPUT": "TEMPORARY_OUTPUT"}
    task = QgsProcessingAlgRunnerTask(algorithm, parameters, context, feedback)
    loop = QEventLoop()
    task.executed.connect(lambda fine, results: ended.append((fine, results)))
    task.executed.connect(loop.quit)
    QgsApplication.taskManager().addTask(task)
    loop.exec()
    assert ended[0][0], feedback.textLog()
    assert ended[0][1]["ANSWERED"] == 15


def test_every_loaded_results_layer_is_styled(
    raster: Make, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Postprocessing, "iface", None)  # QGIS 3.44 does not accept the layer tree of the stub
    source = raster(pattern(3, 32, 32))
    for _ in range(3):
        parameters = {"INPUT": source, "TILE_SIZE": 32, "OUTPUT": "TEMPORARY_OUTPUT"}
        result = processing.runAndLoadResults("rsgpt:describeraster", parameters)
        gc.collect()
        layer = QgsProject.instance().mapLayer(result["OUTPUT"])
        assert layer.renderer().type() == "RuleRenderer"
        assert layer.labelsEnabled()
        QgsProject.instance().removeMapLayer(layer)


def test_processing_loads_one_layer(raster: Make, gateway: ScriptedGateway, project: QgsProject) -> None:
    layer, context = raster(pattern(3, 32, 32)), QgsProcessingContext()
    context.setProject(project)
    output = QgsProcessingOutputLayerDefinition("memory:tiles", project)
    parameters = {"INPUT": layer, "TILE_SIZE": 32, "OUTPUT": output}
    result = processing.run("rsgpt:describeraster", parameters, context=context)
    assert list(context.layersToLoadOnCompletion()) == [result["OUTPUT"].id()]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"EXTENT": "0,10,0,10 [EPSG:32611]"}, "outside the layer 'raster'. Choose one that overlaps"),
        ({"QUESTIONS": "fine\nn[nosuchtype]: How many?"}, "Question line 2 cannot be read: the type `nosuchtype`"),
        ({"CAPTION": False}, "nothing to ask"),
        ({"MODEL": "rsgpt-huge"}, "no model named “rsgpt-huge”. Choose one of these: rsgpt-small"),
        ({"BANDS": [1, 2]}, "one band (gray) or three bands"),
        ({"BANDS": [1], "CAPTURE": "rendered"}, "Leave the bands out"),
        ({"BANDS": [1], "CAPTURE": 2}, "Leave the bands out"),
        ({"GROUND_RESOLUTION": 1.0, "CAPTURE": "native"}, "Leave one of them out"),
        ({"CAPTURE": "by hand"}, "Incorrect parameter value for CAPTURE"),
        ({"OUTPUT": "/proc/nowhere/a.gpkg"}, "The output cannot be written. Check that its folder exists"),
    ],
)
def test_invalid_parameters_are_refused_with_a_message(
    raster: Make, gateway: ScriptedGateway, parameters: dict[str, Any], expected: str
) -> None:
    message = refusal(raster(pattern(3, 64, 96)), **parameters)
    assert expected in message
    assert "Traceback" not in message
    assert gateway.prompts == []


@pytest.mark.parametrize(
    ("values", "odd", "parameters", "expected"),
    [
        (pattern(1, 64, 96), OddRaster(crs=None), {}, "has no coordinate system"),
        (np.zeros((1, 64, 96), np.int16), OddRaster(nodata=0), {}, "has no valid pixel"),
        (pattern(1, 64, 96), OddRaster(palette=True), {"CAPTURE": "native"}, "Choose rendered capture"),
        (np.zeros((1, 9000, 9000), np.uint8), OddRaster(), {"TILE_SIZE": 16}, "needs 316969 tiles"),
    ],
    ids=["no CRS", "no data", "palette", "too many tiles"],
)
def test_unusable_layers_are_refused(
    raster: Make,
    gateway: ScriptedGateway,
    values: np.ndarray,
    odd: OddRaster,
    parameters: dict[str, Any],
    expected: str,
) -> None:
    assert expected in refusal(raster(values, odd), **parameters)
    assert gateway.connections == 0


@pytest.mark.parametrize(
    ("extent", "expected"),
    [
        (QgsRectangle(float("-inf"), float("-inf"), float("inf"), float("inf")), "unbounded"),
        (QgsRectangle(float("nan"), 0, 1, float("nan")), "unbounded"),
        (QgsRectangle(500010, 3999990, 500010, 3999990), "outside the layer"),
    ],
)
def test_extents_without_bounds_or_area_are_refused(
    raster: Make, gateway: ScriptedGateway, extent: QgsRectangle, expected: str
) -> None:
    assert expected in refusal(raster(pattern(3, 64, 96)), EXTENT=extent)


def test_a_worldwide_extent_is_refused_before_rendering(project: QgsProject, gateway: ScriptedGateway) -> None:
    world = QgsRasterLayer("type=xyz&url=http://127.0.0.1:1/{z}/{x}/{y}&zmax=19&zmin=0", "world", "wms")
    assert "Choose a smaller extent" in refusal(project.addMapLayer(world))


@pytest.mark.parametrize("percent", range(5, 100, 10))
def test_a_truncated_file_is_refused_or_partly_described(
    tmp_path: Path, project: QgsProject, gateway: ScriptedGateway, percent: int
) -> None:
    path = truncate(write(tmp_path / "a.tif", pattern(3, 96, 96, "uint16")), percent / 100)
    layer = project.addMapLayer(QgsRasterLayer(str(path), "cut"))
    if layer is None:
        assert "Could not load" in refusal(str(path))
        return
    try:
        result = describe(layer)
    except QgsProcessingException as error:
        assert "cannot be read" in str(error)  # noqa: PT017 - the outcome depends on where the file was cut
    else:
        assert result["ANSWERED"] + result["SKIPPED"] + result["FAILED"] == result["TILES"] == 9


def test_gdal_exceptions_that_another_plugin_enabled_are_harmless(raster: Make, gateway: ScriptedGateway) -> None:
    gdal.UseExceptions()
    try:
        assert describe(raster(pattern(3, 64, 96), OddRaster(ROTATED)))["ANSWERED"] == 6
    finally:
        for module in (osr, ogr, gdal):  # GDAL 3.6 requires the reverse order
            module.DontUseExceptions()


def test_a_missing_environment_is_reported_and_an_earlier_output_is_kept(
    raster: Make, gateway: ScriptedGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer, output = raster(numbered(2, 3)), tmp_path / "a.gpkg"
    describe(layer, OUTPUT=str(output))

    def missing(model: str) -> None:
        raise SetupError("The model is not set up. Set it up in the settings.")

    monkeypatch.setattr(answer_source, "open_backend", missing)
    assert "not set up" in refusal(layer, PROMPT="Something new", OUTPUT=str(output))
    assert len(rows_of(output)) == 6
    assert describe(layer, OUTPUT=str(output))["CACHED"] == 6  # cached answers do not require the environment


@pytest.mark.parametrize("crs", [32611, 2056, 4326])
def test_geojson_rows_have_the_location_of_the_tiles(
    raster: Make, gateway: ScriptedGateway, tmp_path: Path, crs: int
) -> None:
    output = tmp_path / "a.geojson"
    layer = raster(numbered(2, 3), OddRaster(DEGREES if crs == 4326 else NORTH_UP, crs))
    describe(layer, OUTPUT=str(output))
    written = QgsVectorLayer(str(output))
    assert written.crs() == layer.crs()
    box, expected = written.extent(), layer.extent()
    assert (box.xMinimum(), box.yMaximum()) == pytest.approx((expected.xMinimum(), expected.yMaximum()), rel=1e-9)


def test_geojson_is_refused_for_a_crs_that_it_cannot_store(
    raster: Make, gateway: ScriptedGateway, tmp_path: Path
) -> None:
    output = tmp_path / "a.geojson"
    assert "Write a GeoPackage" in refusal(raster(numbered(2, 3), OddRaster(crs=LOCAL_CRS)), OUTPUT=str(output))
    assert not output.exists()
    assert not gateway.prompts


@pytest.mark.parametrize(
    ("name", "value", "limits"),
    [("TILE_SIZE", 0, "16 to 1024"), ("TILE_SIZE", 2000, "16 to 1024"), ("OVERLAP", 100, "0 to 90")],
)
def test_a_number_out_of_range_names_its_range(
    raster: Make, gateway: ScriptedGateway, name: str, value: int, limits: str
) -> None:
    message = refusal(raster(pattern(3, 64, 96)), **{name: value})
    assert f"{name} is out of range. Enter a number from {limits}." in message


def test_a_truncated_raster_fails_only_in_its_missing_tiles(tmp_path: Path, gateway: ScriptedGateway) -> None:
    path = write(tmp_path / "a.tif", pattern(1, 96, 96, "uint16"))
    path.write_bytes(path.read_bytes()[:10000])
    result = describe(QgsRasterLayer(str(path), "broken"))
    assert 0 < result["FAILED"] < result["TILES"] == result["FAILED"] + result["ANSWERED"]
    assert "cannot be read" in rows_of(result["OUTPUT"])[-1]["reason"]


def test_a_file_of_several_rasters_is_refused_with_their_names(tmp_path: Path, gateway: ScriptedGateway) -> None:
    path = tmp_path / "two.gpkg"
    for number, name in enumerate(("one", "two")):
        options = [f"RASTER_TABLE={name}", *(["APPEND_SUBDATASET=YES"] if number else [])]
        gdal.Translate(str(path), str(write(tmp_path / f"{name}.tif", pattern(3, 64, 64))), creationOptions=options)
    assert f"holds several rasters. Give the name of one: GPKG:{path}:one, GPKG:{path}:two." in refusal(str(path))
