"""Places for the three kinds of area in the dock."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsRasterLayer, QgsRectangle, QgsVectorLayer

from rsgpt_plugin.errors import ImageryError
from rsgpt_plugin.services.asking.area import rectangle_place, selection_place, view_place
from tests.plugin.services.conftest import LEFT, TOP, around, view_of


@pytest.fixture
def parcels(project: QgsProject) -> QgsVectorLayer:
    """A layer with two equal squares of 40 m, 100 m from the raster's corner."""
    layer = QgsVectorLayer("Polygon?crs=EPSG:32633", "parcels", "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromRect(around(100, 100, 40)))
    layer.dataProvider().addFeatures([feature, feature])
    project.addMapLayer(layer)
    return layer


def test_view_place_uses_the_chosen_or_the_topmost_layer(
    raster: QgsRasterLayer, make_raster: Callable[..., QgsRasterLayer]
) -> None:
    above = make_raster("above")
    view = view_of([above, raster], around(150, 150, 100))
    assert view_place(view, None).layer_id == above.id()
    assert view_place(view, raster).layer_id == raster.id()
    assert view_place(view, raster).extent.height() == pytest.approx(100)


def test_rectangle_place_keeps_the_drawn_rectangle(raster: QgsRasterLayer) -> None:
    drawn = QgsRectangle(LEFT + 10, TOP - 50, LEFT + 40, TOP - 20)
    place = rectangle_place(view_of([raster], around(150, 150, 300)), raster, drawn)
    assert place.extent.toRectF() == drawn.toRectF()
    assert place.pixels == pytest.approx(60)
    with pytest.raises(ImageryError, match="has no size"):
        rectangle_place(view_of([raster], around(150, 150, 300)), raster, QgsRectangle())
    with pytest.raises(ImageryError, match="outside the layer “ortho”"):
        rectangle_place(view_of([raster], around(150, 150, 300)), raster, around(9000, 0, 10))


def test_selection_place_adds_a_margin(raster: QgsRasterLayer, parcels: QgsVectorLayer) -> None:
    view = view_of([raster], around(150, 150, 300))
    parcels.selectByIds([1])
    place = selection_place(view, None, parcels)
    assert place.extent.width() == pytest.approx(48, rel=0.01)
    assert place.extent.center().x() == pytest.approx(LEFT + 100)


def test_selection_place_of_a_point_is_20_meters_wide(raster: QgsRasterLayer, project: QgsProject) -> None:
    points = QgsVectorLayer("Point?crs=EPSG:32633", "points", "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromPointXY(around(100, 100, 1).center()))
    points.dataProvider().addFeatures([feature])
    project.addMapLayer(points)
    points.selectAll()
    place = selection_place(view_of([raster], around(150, 150, 300)), raster, points)
    assert (place.extent.width(), place.extent.height()) == pytest.approx((20, 20), rel=0.01)


def test_selection_place_requires_exactly_one_feature(raster: QgsRasterLayer, parcels: QgsVectorLayer) -> None:
    view = view_of([raster], around(150, 150, 300))
    for active in (None, raster, parcels):
        with pytest.raises(ImageryError, match="Select one feature"):
            selection_place(view, None, active)
    parcels.selectAll()
    with pytest.raises(ImageryError, match="Select one feature"):
        selection_place(view, None, parcels)
