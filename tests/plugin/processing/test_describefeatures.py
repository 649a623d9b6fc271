"""Tests of `rsgpt:describefeatures` in a real QGIS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import processing
import pytest
from qgis.core import (
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProcessingException,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtGui import QImage

from tests.plugin.geo.reference_systems import LOCAL
from tests.plugin.rasters import ROTATED, OddRaster, pattern

from .conftest import ScriptedGateway, number_in, numbered, rows_of

pytestmark = pytest.mark.usefixtures("provider")

Make = Callable[..., QgsRasterLayer]


def features(geometries: Sequence[QgsGeometry], kind: str = "Polygon", crs: str = "EPSG:32611") -> QgsVectorLayer:
    layer = QgsVectorLayer(f"{kind}?crs={crs}&field=owner:string&field=model:integer", "parcels", "memory")
    for number, geometry in enumerate(geometries):
        feature = QgsFeature(layer.fields())
        feature.setAttributes([f"owner {number}", number])
        feature.setGeometry(geometry)
        layer.dataProvider().addFeature(feature)
    return QgsProject.instance().addMapLayer(layer)


def rectangle(x: float, y: float, width: float = 10, height: float = 10) -> QgsGeometry:
    return QgsGeometry.fromRect(QgsRectangle(x, y, x + width, y + height))


def describe(layer: QgsRasterLayer, parcels: QgsVectorLayer, **parameters: Any) -> dict[str, Any]:
    return processing.run(
        "rsgpt:describefeatures",
        {"INPUT": layer, "FEATURES": parcels, "OUTPUT": "TEMPORARY_OUTPUT", **parameters},
    )


def test_a_feature_that_cannot_be_transformed_fails_alone(raster: Make, gateway: ScriptedGateway) -> None:
    near = QgsGeometry.fromWkt("Polygon((-117.0 36.1, -116.9 36.1, -116.9 36.2, -117.0 36.2, -117.0 36.1))")
    far = QgsGeometry.fromWkt("Polygon((-27 -1, -26.9 -1, -26.9 1, -27 1, -27 -1))")
    parcels = features([near, far], crs="EPSG:4326")
    rows = rows_of(describe(raster(numbered(2, 5, 64)), parcels)["OUTPUT"])
    assert [row["status"] for row in rows] == ["answered", "failed"]
    assert "no geometry that lies on the raster" in rows[1]["reason"]


def test_each_feature_keeps_its_attributes_and_gets_its_own_answer(raster: Make, gateway: ScriptedGateway) -> None:
    gateway.say = lambda prompt: f"tile {number_in(prompt)}"
    parcels = features([rectangle(500000 + 32 * n + 8, 3999952, 16, 20) for n in (3, 0, 2)])
    result = describe(raster(numbered(2, 5, 64)), parcels)
    rows = rows_of(result["OUTPUT"])
    assert [(row["owner"], row["model"], row["caption"]) for row in rows] == [
        ("owner 0", 0, "tile 8"),
        ("owner 1", 1, "tile 5"),
        ("owner 2", 2, "tile 7"),
    ]
    assert rows[0]["model_2"] == "rsgpt-small"
    assert rows[0].geometry().equals(parcels.getFeature(1).geometry())


def test_the_picture_is_square_with_a_margin(raster: Make, gateway: ScriptedGateway) -> None:
    describe(raster(pattern(3, 400, 400)), features([rectangle(500050, 3999900, 50, 20)]))
    image = QImage.fromData(gateway.prompts[0].image, "PNG")
    assert (image.width(), image.height()) == (120, 120)


def test_features_in_another_crs_are_described(raster: Make, gateway: ScriptedGateway) -> None:
    result = describe(
        raster(numbered(2, 5, 64)), features([rectangle(-116.9995, 36.1443, 1e-4, 1e-4)], crs="EPSG:4326")
    )
    assert result["ANSWERED"] == 1
    assert result["OUTPUT"].crs().authid() == "EPSG:4326"


def test_the_picture_of_a_point_has_the_minimum_size(raster: Make, gateway: ScriptedGateway) -> None:
    point = QgsGeometry.fromPointXY(QgsPointXY(500050, 3999950))
    result = describe(raster(pattern(3, 400, 400), OddRaster(ROTATED)), features([point], "Point"))
    assert result["ANSWERED"] == 1
    assert QImage.fromData(gateway.prompts[0].image, "PNG").width() == 64


def test_features_outside_the_raster_get_a_reason(raster: Make, gateway: ScriptedGateway) -> None:
    parcels = features([rectangle(500010, 3999950), rectangle(600000, 3999950), QgsGeometry()])
    rows = rows_of(describe(raster(pattern(3, 400, 400)), parcels)["OUTPUT"])
    assert [row["status"] for row in rows] == ["answered", "skipped", "failed"]
    assert "no geometry" in rows[2]["reason"]


def test_a_ground_resolution_renders_the_features(raster: Make, gateway: ScriptedGateway) -> None:
    result = describe(raster(pattern(3, 400, 400)), features([rectangle(500010, 3999950)]), GROUND_RESOLUTION=0.25)
    (row,) = rows_of(result["OUTPUT"])
    assert (row["status"], row["bands"]) == ("answered", "rendered")
    assert row["gsd_m"] == pytest.approx(0.25, rel=0.01)


@pytest.mark.parametrize(
    ("geometries", "crs", "expected"),
    [
        ([], "EPSG:32611", "no features"),
        ([rectangle(0, 0)], "EPSG:32611", "No feature lies on the raster"),
        ([QgsGeometry()], "EPSG:32611", "No feature lies on the raster"),
        ([rectangle(500010, 3999950)], "", "no coordinate system"),
    ],
)
def test_unusable_features_are_refused_before_the_model_is_asked(
    raster: Make, gateway: ScriptedGateway, geometries: list[QgsGeometry], crs: str, expected: str
) -> None:
    with pytest.raises(QgsProcessingException, match=expected):
        describe(raster(pattern(3, 400, 400)), features(geometries, crs=crs))
    assert gateway.connections == 0


def test_features_without_a_transformation_to_the_raster_are_refused(raster: Make, gateway: ScriptedGateway) -> None:
    parcels = features([rectangle(500010, 3999950)])
    parcels.setCrs(LOCAL)
    with pytest.raises(QgsProcessingException, match="no transformation between the coordinate systems"):
        describe(raster(pattern(3, 400, 400)), parcels)
    assert gateway.connections == 0
