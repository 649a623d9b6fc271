"""Masks and extents of `rsgpt:describeraster`: what they select, and what is refused."""

from __future__ import annotations

import pytest
from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsVectorLayer

from tests.plugin.geo.reference_systems import LOCAL
from tests.plugin.rasters import OddRaster, pattern

from .conftest import ScriptedGateway, numbered
from .test_describeraster import Make, describe, refusal

pytestmark = pytest.mark.usefixtures("provider")


def mask(crs: str, *outlines: str) -> QgsVectorLayer:
    layer = QgsVectorLayer(f"Polygon?crs={crs}", "mask", "memory")
    for outline in outlines:
        feature = QgsFeature()
        feature.setGeometry(QgsGeometry.fromWkt(outline))
        layer.dataProvider().addFeature(feature)
    return QgsProject.instance().addMapLayer(layer)


LEFT_HALF = "Polygon((500000 3999968, 500023 3999968, 500023 4000000, 500000 4000000, 500000 3999968))"
BOW_TIE = "Polygon((500000 3999900, 500090 4000000, 500000 4000000, 500090 3999900, 500000 3999900))"


def test_an_invalid_mask_polygon_is_used(raster: Make, gateway: ScriptedGateway) -> None:
    layer = raster(numbered(2, 3))
    assert describe(layer, MASK=mask("EPSG:32611", LEFT_HALF))["TILES"] == 4
    assert describe(layer, MASK=mask("EPSG:32611", LEFT_HALF, BOW_TIE))["TILES"] > 4


def test_a_mask_polygon_that_cannot_be_transformed_is_ignored(raster: Make, gateway: ScriptedGateway) -> None:
    near = "Polygon((-120 30, -110 30, -110 40, -120 40, -120 30))"
    far = "Polygon((-27 -1, -26.9 -1, -26.9 1, -27 1, -27 -1))"
    assert describe(raster(numbered(2, 3)), MASK=mask("EPSG:4326", near, far))["TILES"] == 6


@pytest.mark.parametrize(("crs", "expected"), [("EPSG:32611", "no polygon"), ("", "no coordinate system")])
def test_an_unusable_mask_is_refused_with_the_reason(
    raster: Make, gateway: ScriptedGateway, crs: str, expected: str
) -> None:
    assert expected in refusal(raster(pattern(3, 64, 96)), MASK=mask(crs, *([] if crs else [LEFT_HALF])))


NEAR_ZERO = (-24.0, 0.5, 0.0, 16.0, 0.0, -0.5)


@pytest.mark.parametrize("name", ["MASK", "EXTENT"])
def test_coordinates_without_a_transformation_to_the_raster_are_refused(
    raster: Make, gateway: ScriptedGateway, name: str
) -> None:
    layer = raster(pattern(3, 64, 96), OddRaster(geotransform=NEAR_ZERO))
    layer.setCrs(LOCAL)
    values = {"MASK": mask("EPSG:4326", "Polygon((-1 -1, 1 -1, 1 1, -1 1, -1 -1))"), "EXTENT": "-1,1,-1,1 [EPSG:4326]"}
    assert "no transformation between the coordinate systems" in refusal(layer, **{name: values[name]})
    assert gateway.prompts == []


def test_a_mask_of_points_is_refused(raster: Make, gateway: ScriptedGateway) -> None:
    points = QgsVectorLayer("Point?crs=EPSG:32611", "points", "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromWkt("Point(500010 3999990)"))
    points.dataProvider().addFeatures([feature])
    message = refusal(raster(pattern(3, 64, 96)), MASK=QgsProject.instance().addMapLayer(points))
    assert "no polygon with a valid location" in message
