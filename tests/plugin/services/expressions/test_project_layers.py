"""The layers of the project, as functions see them: found objects are counted in the topmost layer that has them."""

from __future__ import annotations

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)

from rsgpt_plugin.geo.results.layer_metadata import describe_layer
from rsgpt_plugin.geo.results.schema import field_of
from rsgpt_plugin.gui.actions.expressions import Expressions
from rsgpt_plugin.shared.results.columns import object_columns
from rsgpt_plugin.shared.results.descriptions import SearchedExtent
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


def test_a_geometry_in_a_user_defined_crs_is_transformed(functions: Expressions, project: QgsProject) -> None:
    project.addMapLayer(found([("car", 50, 150)]))
    own = QgsVectorLayer("Polygon?crs=PROJ:+proj=tmerc +lon_0=15 +x_0=500010 +k=0.9996 +ellps=WGS84", "own", "memory")
    to = QgsCoordinateTransform(QgsCoordinateReferenceSystem("EPSG:32633"), own.crs(), project)
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromRect(to.transformBoundingBox(around(50, 150, 10))))
    own.dataProvider().addFeature(feature)
    project.addMapLayer(own)
    assert own.crs().isValid()
    assert own.crs().authid() == ""
    assert value("rsgpt_find('car', $geometry)", own) == 1


def test_nothing_is_counted_where_nothing_was_searched(
    functions: Expressions, project: QgsProject, parcels: QgsVectorLayer
) -> None:
    project.addMapLayer(found([("car", 50, 150)], area=around(50, 150, 60)))
    assert [value("rsgpt_find('car', $geometry)", parcels, number) for number in (0, 1)] == [1, None]
    project.addMapLayer(found([], area=around(150, 150, 60)))  # another part, without objects
    assert [value("rsgpt_find('car', $geometry)", parcels, number) for number in (0, 1)] == [1, 0]
    assert value("rsgpt_find('ship', $geometry)", parcels, 1) is None


def test_a_layer_of_several_rasters_was_searched_in_each(
    functions: Expressions, project: QgsProject, parcels: QgsVectorLayer
) -> None:
    layer = found([("car", 50, 150)], area=around(50, 150, 20))
    box = around(150, 150, 20)
    sides = (box.xMinimum(), box.xMaximum(), box.yMinimum(), box.yMaximum())
    describe_layer(layer, f"{layer.metadata().abstract()}\n{SearchedExtent(sides, 'EPSG:32633').describe()}")
    project.addMapLayer(layer)
    assert [value("rsgpt_find('car', $geometry)", parcels, number) for number in (0, 1)] == [1, 0]


def test_a_layer_without_a_stated_extent_was_searched_where_its_objects_and_its_raster_are(
    functions: Expressions, project: QgsProject, parcels: QgsVectorLayer, raster: QgsRasterLayer
) -> None:
    layer = found([("car", 50, 150)])
    describe_layer(layer, "")
    project.addMapLayer(layer)
    assert [value("rsgpt_find('car', $geometry)", parcels, number) for number in (0, 1)] == [1, None]
    layer.dataProvider().addAttributes([field_of(column) for column in object_columns() if column.name == "raster"])
    layer.updateFields()
    layer.dataProvider().changeAttributeValues({1: {layer.fields().indexOf("raster"): raster.source()}})
    layer.dataChanged.emit()
    assert [value("rsgpt_find('car', $geometry)", parcels, number) for number in (0, 1)] == [1, 0]
