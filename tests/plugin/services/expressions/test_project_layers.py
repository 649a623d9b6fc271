"""The layers of the project, as functions see them: found objects are counted in the topmost layer that has them."""

from __future__ import annotations

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsProject,
    QgsVectorLayer,
)

from rsgpt_plugin.gui.actions.expressions import Expressions
from tests.plugin.services.conftest import around
from tests.plugin.services.expressions.conftest import found, value


def test_found_objects_are_counted_in_the_geometry(functions: Expressions, parcels: QgsVectorLayer) -> None:
    assert value("rsgpt_find('car', $geometry)", parcels) is None
    objects = [("car", 50, 150), ("car", 55, 150), ("airplane", 50, 150), ("car", 150, 150), ("car", 250, 250)]
    layer = found(objects)
    QgsProject.instance().addMapLayer(layer)
    assert [value("rsgpt_find('Car', $geometry)", parcels, number) for number in (0, 1)] == [2, 1]
    assert value("rsgpt_find('airplane', $geometry)", parcels, 1) == 0
    assert value("rsgpt_find('ship', $geometry)", parcels) is None
    layer.startEditing()
    layer.deleteFeature(next(layer.getFeatures()).id())
    layer.commitChanges()
    assert value("rsgpt_find('car', $geometry)", parcels) == 1
    QgsProject.instance().removeMapLayer(layer)
    assert value("rsgpt_find('car', $geometry)", parcels) is None


def test_a_geometry_in_another_crs_is_transformed(functions: Expressions, project: QgsProject) -> None:
    project.addMapLayer(found([("car", 50, 150)]))
    degrees = QgsVectorLayer("Polygon?crs=EPSG:4326", "degrees", "memory")
    to = QgsCoordinateTransform(QgsCoordinateReferenceSystem("EPSG:32633"), degrees.crs(), project)
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromRect(to.transformBoundingBox(around(50, 150, 40))))
    degrees.dataProvider().addFeature(feature)
    assert value("rsgpt_find('car', $geometry)", degrees) == 1
