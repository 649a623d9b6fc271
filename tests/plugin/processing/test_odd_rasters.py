"""Both algorithms with incomplete rasters, and with masks and features in other coordinate systems."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import processing
import pytest
from osgeo import gdal, osr
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsProcessingException,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)

from tests.plugin.rasters import NORTH_UP, OddRaster, pattern, write

from .conftest import ScriptedGateway, rows_of

pytestmark = pytest.mark.usefixtures("provider", "gateway")

Load = Callable[..., QgsRasterLayer]


@pytest.fixture
def load(project: QgsProject) -> Load:
    """Return a function that adds a raster file to the project. crs: CRS that the user sets, "" for none."""

    def add(path: Path, crs: str = "") -> QgsRasterLayer:
        layer = QgsRasterLayer(str(path), path.stem)
        assert layer.isValid()
        if crs:
            layer.setCrs(QgsCoordinateReferenceSystem(crs))
        return project.addMapLayer(layer)

    return add


def describe(layer: QgsRasterLayer, algorithm: str = "describeraster", **parameters: Any) -> dict[str, Any]:
    size = {"TILE_SIZE": 32} if algorithm == "describeraster" else {}
    return processing.run(f"rsgpt:{algorithm}", {"INPUT": layer, "OUTPUT": "TEMPORARY_OUTPUT", **size, **parameters})


def utm() -> str:
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32611)
    return str(reference.ExportToWkt())


def polygons(crs: str, *geometries: QgsGeometry, kind: str = "Polygon") -> QgsVectorLayer:
    layer = QgsVectorLayer(f"{kind}?crs={crs}", "polygons", "memory")
    features = [QgsFeature() for _ in geometries]
    for feature, geometry in zip(features, geometries):
        feature.setGeometry(geometry)
    assert layer.dataProvider().addFeatures(features)[0]
    return layer


@pytest.mark.parametrize("is_written", [False, True])
@pytest.mark.parametrize(("crs_of_file", "crs_of_layer"), [(32611, ""), (None, "EPSG:32611")])
def test_a_raster_without_a_position_is_refused(
    tmp_path: Path, load: Load, gateway: ScriptedGateway, crs_of_file: int | None, crs_of_layer: str, is_written: bool
) -> None:
    path = tmp_path / "a.tif"
    if is_written:
        write(path, pattern(3, 64, 96), OddRaster((0.0, 1.0, 0.0, 0.0, 0.0, 1.0), crs_of_file))
    else:
        dataset = gdal.GetDriverByName("GTiff").Create(str(path), 96, 64, 3, gdal.GDT_Byte)
        dataset.WriteArray(pattern(3, 64, 96))
        dataset.SetProjection(utm() if crs_of_file else "")
        del dataset
    for capture in ("native", "rendered"):
        with pytest.raises(QgsProcessingException, match="no position.*Georeference the raster"):
            describe(load(path, crs_of_layer), CAPTURE=capture)
    assert gateway.prompts == []


def test_a_raster_at_the_origin_has_a_position(tmp_path: Path, load: Load) -> None:
    path = write(tmp_path / "a.tif", pattern(3, 64, 96), OddRaster((0.0, 1.0, 0.0, 0.0, 0.0, -1.0)))
    assert describe(load(path))["ANSWERED"] == 6


def test_ground_control_points_give_the_position(tmp_path: Path, load: Load) -> None:
    path = tmp_path / "a.tif"
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), 96, 64, 3, gdal.GDT_Byte)
    dataset.WriteArray(pattern(3, 64, 96))
    corners = [gdal.GCP(500000 + x / 2, 4000000 - y / 2, 0, x, y) for x, y in ((0, 0), (96, 0), (96, 64), (0, 64))]
    dataset.SetGCPs(corners, utm())
    del dataset
    rows = rows_of(describe(load(path))["OUTPUT"])
    assert {row["status"] for row in rows} == {"answered"}
    box = rows[0].geometry().boundingBox()
    assert (box.xMinimum(), box.yMaximum()) == pytest.approx((500000, 4000000), abs=0.5)


@pytest.mark.parametrize("nested", [False, True])
def test_tiles_of_a_missing_mosaic_source_fail(tmp_path: Path, load: Load, nested: bool) -> None:
    values = pattern(3, 64, 128)
    for number in range(2):
        odd = OddRaster((500000.0 + 32 * number, 0.5, 0.0, 4000000.0, 0.0, -0.5))
        write(tmp_path / f"{number}.tif", np.ascontiguousarray(values[:, :, 64 * number : 64 * number + 64]), odd)
    path = tmp_path / "a.vrt"
    gdal.BuildVRT(str(path), [str(tmp_path / "0.tif"), str(tmp_path / "1.tif")])
    if nested:
        gdal.BuildVRT(str(tmp_path / "b.vrt"), [str(path)])
        path = tmp_path / "b.vrt"
    layer = load(path)
    (tmp_path / "1.tif").unlink()
    rows = rows_of(describe(layer)["OUTPUT"])
    assert [row["status"] for row in rows] == ["answered", "answered", "failed", "failed"] * 2
    assert "1.tif" in rows[2]["reason"]


def test_a_chosen_alpha_band_does_not_hide_pixels(tmp_path: Path, load: Load) -> None:
    values = pattern(4, 32, 32)
    values[3, :, :16] = 0
    meanings = (gdal.GCI_RedBand, gdal.GCI_GreenBand, gdal.GCI_BlueBand, gdal.GCI_AlphaBand)
    layer = load(write(tmp_path / "a.tif", values, OddRaster(meanings=meanings)))
    hashes = [rows_of(describe(layer, "describeraster", **bands)["OUTPUT"])[0]["image_sha256"]
              for bands in ({"BANDS": [4, 1, 2]}, {})]  # fmt: skip
    unflagged = load(write(tmp_path / "b.tif", values, OddRaster()))
    assert hashes[0] == rows_of(describe(unflagged, BANDS=[4, 1, 2])["OUTPUT"])[0]["image_sha256"]
    assert hashes[1] != rows_of(describe(unflagged)["OUTPUT"])[0]["image_sha256"]


# A rectangle in degrees. In UTM, its southern edge (37 degrees) lies up to 4 km south of the straight line between the
# corners.
STATE = "Polygon((-109.05 37,-102.05 37,-102.05 41,-109.05 41,-109.05 37))"
WORLD = "Polygon((-180 -90,180 -90,180 90,-180 90,-180 -90))"
NORTH_WEST = "Polygon((-180 0,0 0,0 90,-180 90,-180 0))"
AROUND_THE_POLE = "Polygon((-180 -90,180 -90,180 -89.9995,-180 -89.9995,-180 -90))"
AT_THE_POLE = (-16.0, 0.5, 0.0, 16.0, 0.0, -0.5)


@pytest.mark.parametrize(
    ("geotransform", "crs", "mask", "expected"),
    [
        ((455523.0, 0.5, 0.0, 4097208.0, 0.0, -0.5), 32613, STATE, 4),  # 37.02 N: inside
        ((457970.0, 0.5, 0.0, 4542105.0, 0.0, -0.5), 32613, STATE, 0),  # 41.03 N: outside
        (NORTH_UP, 32611, WORLD, 4),
        (NORTH_UP, 32611, NORTH_WEST, 4),
        (AT_THE_POLE, 3031, WORLD, 4),
        (AT_THE_POLE, 3031, NORTH_WEST, 0),
        (AT_THE_POLE, 3031, AROUND_THE_POLE, 4),
        ((200.0, 1e-5, 0.0, -17.0, 0.0, -1e-5), 4326, WORLD, 4),
    ],
)
def test_masks_keep_their_edges_in_another_crs(
    tmp_path: Path, load: Load, geotransform: tuple[float, ...], crs: int, mask: str, expected: int
) -> None:
    layer = load(write(tmp_path / "a.tif", pattern(3, 64, 64), OddRaster(geotransform, crs)))
    areas = polygons("EPSG:4326", QgsGeometry.fromWkt(mask))
    if expected:
        assert describe(layer, MASK=areas)["TILES"] == expected
    else:
        with pytest.raises(QgsProcessingException, match="do not overlap"):
            describe(layer, MASK=areas)


def test_the_picture_of_a_curve_contains_the_whole_curve(tmp_path: Path, load: Load) -> None:
    """The arc has vertices at 10, 100 and 350 degrees of a circle with radius 12 m around (500016, 3999984)."""
    start, middle, end = (
        f"{500016 + 12 * math.cos(math.radians(angle))} {3999984 + 12 * math.sin(math.radians(angle))}"
        for angle in (10, 100, 350)
    )
    curve = QgsGeometry.fromWkt(f"CurvePolygon(CompoundCurve(CircularString({start},{middle},{end}),({end},{start})))")
    layer = load(write(tmp_path / "a.tif", pattern(3, 64, 64)))
    hashes = []
    for geometry, kind in ((curve, "CurvePolygon"), (QgsGeometry.fromRect(curve.boundingBox()), "Polygon")):
        features = polygons("EPSG:32611", geometry, kind=kind)
        hashes.append(rows_of(describe(layer, "describefeatures", FEATURES=features)["OUTPUT"])[0]["image_sha256"])
    assert hashes[0] == hashes[1]
