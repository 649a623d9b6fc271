"""The polygon under a click, and the parameters of a run about features."""

from __future__ import annotations

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsFeature, QgsProject, QgsRasterLayer

from rsgpt_plugin.errors import ImageryError
from rsgpt_plugin.geo.results.schema import output_fields
from rsgpt_plugin.services.asking.feature_selection import polygon_at, select_features
from rsgpt_plugin.shared.answers.answer_types import AnswerType
from rsgpt_plugin.shared.answers.questions import Question
from tests.plugin.services.conftest import around, polygons, view_of

POINT = around(150, 150, 1).center()


def test_polygon_at_returns_the_topmost_polygon(raster: QgsRasterLayer) -> None:
    top = polygons([around(20, 20, 10)], name="elsewhere")
    below = polygons([around(150, 150, 80), around(150, 150, 40), around(400, 400, 10)])
    lowest = polygons([around(150, 150, 200)], name="region")
    polygon = polygon_at(view_of([top, below, lowest, raster], around(150, 150, 300)), POINT)
    assert polygon is not None
    assert (polygon.layer, polygon.name) == (below, "P2")
    assert polygon.geometry.boundingBox().width() == pytest.approx(40)


def test_polygon_at_ignores_holes(raster: QgsRasterLayer) -> None:
    layer = polygons([around(150, 150, 80)])
    (feature,) = layer.getFeatures()
    hole = feature.geometry().difference(feature.geometry().buffer(-10, 1))
    layer.dataProvider().changeGeometryValues({feature.id(): hole})
    assert polygon_at(view_of([layer, raster], around(150, 150, 300)), POINT) is None


def test_polygon_at_ignores_layers_outside_their_scale_range(raster: QgsRasterLayer) -> None:
    layer = polygons([around(150, 150, 80)])
    layer.setScaleBasedVisibility(True)
    layer.setMinimumScale(10)
    assert polygon_at(view_of([layer, raster], around(150, 150, 300)), POINT) is None


def test_polygon_at_prefers_other_layers_to_results_layers(raster: QgsRasterLayer) -> None:
    results, parcels = polygons([around(150, 150, 90)], name="tiles"), polygons([around(150, 150, 80)])
    results.dataProvider().addAttributes(output_fields([]).toList())
    results.updateFields()
    extent = around(150, 150, 300)
    polygon = polygon_at(view_of([results, parcels, raster], extent), POINT)
    assert polygon is not None
    assert polygon.layer is parcels
    polygon = polygon_at(view_of([results, raster], extent), POINT)
    assert polygon is not None
    assert polygon.layer is results


def test_polygon_at_transforms_layers_of_another_crs(raster: QgsRasterLayer) -> None:
    geographic = QgsCoordinateReferenceSystem("EPSG:4326")
    transform = QgsCoordinateTransform(raster.crs(), geographic, QgsProject.instance())
    layer = polygons([transform.transformBoundingBox(around(150, 150, 60))], "EPSG:4326")
    view = view_of([layer, raster], around(150, 150, 300))
    assert polygon_at(view, POINT) is not None
    assert polygon_at(view, around(220, 150, 1).center()) is None


def test_polygon_names_are_one_short_line(raster: QgsRasterLayer) -> None:
    layer = polygons([around(150, 150, 80)])
    layer.dataProvider().changeAttributeValues({1: {0: "a\n" + 80 * "b"}})
    polygon = polygon_at(view_of([layer, raster], around(150, 150, 300)), POINT)
    assert polygon is not None
    assert polygon.name == "a " + 37 * "b" + "…"


def test_selected_features_are_passed_without_attributes(raster: QgsRasterLayer) -> None:
    layer = polygons([around(150, 150, 80), around(50, 50, 20)])
    place = select_features(view_of([raster], around(150, 150, 300)), layer, list(layer.getFeatures()))
    parameters = place.parameters(Question("answer", "Is there water?", AnswerType.YESNO))
    assert (place.algorithm, parameters["INPUT"]) == ("rsgpt:describefeatures", raster.id())
    assert (parameters["CAPTION"], parameters["QUESTIONS"]) == (False, "answer[yesno]: Is there water?")
    assert parameters["FEATURES"].featureCount() == 2
    assert parameters["FEATURES"].crs() == layer.crs()
    assert parameters["FEATURES"].fields().names() == []


def test_features_without_a_location_or_a_raster_are_reported(raster: QgsRasterLayer) -> None:
    view = view_of([raster], around(150, 150, 300))
    with pytest.raises(ImageryError, match="has no location on the map"):
        select_features(view, polygons([]), [QgsFeature()])
    far = polygons([around(90_000, 0, 10)])
    with pytest.raises(ImageryError, match="no visible raster layer here"):
        select_features(view, far, list(far.getFeatures()))
