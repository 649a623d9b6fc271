"""Which polygon a click means, and what is asked of it."""

from __future__ import annotations

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsFeature, QgsProject, QgsRasterLayer

from rsgpt_plugin.errors import ImageryError
from rsgpt_plugin.geo.results.schema import output_fields
from rsgpt_plugin.services.asking.feature_selection import features_place, polygon_at
from rsgpt_plugin.shared.answers.questions import AnswerType, Question
from tests.plugin.services.conftest import around, polygons, view_of

SPOT = around(150, 150, 1).center()


def test_the_topmost_polygon_layer_that_is_hit_counts(raster: QgsRasterLayer) -> None:
    top = polygons([around(20, 20, 10)], name="elsewhere")
    below = polygons([around(150, 150, 80), around(150, 150, 40), around(400, 400, 10)])
    lowest = polygons([around(150, 150, 200)], name="region")
    found = polygon_at(view_of([top, below, lowest, raster], around(150, 150, 300)), SPOT)
    assert found is not None
    assert (found.layer, found.name) == (below, "P2")
    assert found.geometry.boundingBox().width() == pytest.approx(40)


def test_a_corner_of_a_bounding_box_is_not_a_hit(raster: QgsRasterLayer) -> None:
    layer = polygons([around(150, 150, 80)])
    (feature,) = layer.getFeatures()
    hole = feature.geometry().difference(feature.geometry().buffer(-10, 1))
    layer.dataProvider().changeGeometryValues({feature.id(): hole})
    assert polygon_at(view_of([layer, raster], around(150, 150, 300)), SPOT) is None


def test_hidden_layers_and_other_kinds_do_not_count(raster: QgsRasterLayer) -> None:
    layer = polygons([around(150, 150, 80)])
    layer.setScaleBasedVisibility(True)
    layer.setMinimumScale(10)
    assert polygon_at(view_of([layer, raster], around(150, 150, 300)), SPOT) is None


def test_results_come_after_what_a_person_has_drawn(raster: QgsRasterLayer) -> None:
    results, parcels = polygons([around(150, 150, 90)], name="tiles"), polygons([around(150, 150, 80)])
    results.dataProvider().addAttributes(output_fields([]).toList())
    results.updateFields()
    seen = around(150, 150, 300)
    found = polygon_at(view_of([results, parcels, raster], seen), SPOT)
    assert found is not None
    assert found.layer is parcels
    found = polygon_at(view_of([results, raster], seen), SPOT)
    assert found is not None
    assert found.layer is results


def test_a_layer_of_another_crs_is_hit_where_it_lies(raster: QgsRasterLayer) -> None:
    geographic = QgsCoordinateReferenceSystem("EPSG:4326")
    transform = QgsCoordinateTransform(raster.crs(), geographic, QgsProject.instance())
    layer = polygons([transform.transformBoundingBox(around(150, 150, 60))], "EPSG:4326")
    view = view_of([layer, raster], around(150, 150, 300))
    assert polygon_at(view, SPOT) is not None
    assert polygon_at(view, around(220, 150, 1).center()) is None


def test_names_are_one_short_line(raster: QgsRasterLayer) -> None:
    layer = polygons([around(150, 150, 80)])
    layer.dataProvider().changeAttributeValues({1: {0: "a\n" + 80 * "b"}})
    found = polygon_at(view_of([layer, raster], around(150, 150, 300)), SPOT)
    assert found is not None
    assert found.name == "a " + 37 * "b" + "…"


def test_features_are_asked_as_they_lie(raster: QgsRasterLayer) -> None:
    layer = polygons([around(150, 150, 80), around(50, 50, 20)])
    place = features_place(view_of([raster], around(150, 150, 300)), layer, list(layer.getFeatures()))
    asked = place.parameters(Question("answer", "Is there water?", AnswerType.YESNO))
    assert (place.algorithm, asked["INPUT"]) == ("rsgpt:describefeatures", raster.id())
    assert (asked["CAPTION"], asked["QUESTIONS"]) == (False, "answer[yesno]: Is there water?")
    assert asked["FEATURES"].featureCount() == 2
    assert asked["FEATURES"].crs() == layer.crs()
    assert asked["FEATURES"].fields().names() == []


def test_a_feature_without_a_place_is_a_sentence(raster: QgsRasterLayer) -> None:
    view = view_of([raster], around(150, 150, 300))
    with pytest.raises(ImageryError, match="has no place on the map"):
        features_place(view, polygons([]), [QgsFeature()])
    far = polygons([around(90_000, 0, 10)])
    with pytest.raises(ImageryError, match="no visible raster layer here"):
        features_place(view, far, list(far.getFeatures()))
