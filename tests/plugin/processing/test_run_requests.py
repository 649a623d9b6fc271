"""Saved run requests, restored in another project."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingOutputLayerDefinition,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsReferencedRectangle,
    QgsVectorFileWriter,
    QgsVectorLayer,
)

from rsgpt_plugin.core.run_store import RunRequest
from rsgpt_plugin.errors import ImageryError
from rsgpt_plugin.processing.describefeatures import DescribeFeatures
from rsgpt_plugin.processing.describeraster import DescribeRaster
from rsgpt_plugin.processing.run_requests import restore, run_request

from .conftest import numbered

NAMELESS = "+proj=tmerc +lat_0=3 +lon_0=11 +k=1 +x_0=0 +y_0=0 +ellps=GRS80 +units=m +no_defs +type=crs"


@pytest.fixture
def context(project: QgsProject) -> QgsProcessingContext:
    context = QgsProcessingContext()
    context.setProject(project)
    return context


def through_text(request: RunRequest) -> RunRequest:
    return RunRequest(**json.loads(json.dumps(asdict(request))))


def squares(folder: Path) -> QgsVectorLayer:
    layer = QgsVectorLayer("Polygon?crs=EPSG:32633&field=n:integer", "squares", "memory")
    for number in range(4):
        feature = QgsFeature(layer.fields())
        feature.setAttributes([number])
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(number, 0, number + 1, 1)))
        layer.dataProvider().addFeature(feature)
    options = QgsVectorFileWriter.SaveVectorOptions()
    path = str(folder / "squares.gpkg")
    QgsVectorFileWriter.writeAsVectorFormatV3(layer, path, layer.transformContext(), options)
    return QgsVectorLayer(path, "squares", "ogr")


def test_a_raster_run_is_restored_after_its_project_was_closed(
    raster: Callable[..., QgsRasterLayer], context: QgsProcessingContext, project: QgsProject, tmp_path: Path
) -> None:
    layer = raster(numbered(2, 2))
    layer.setCrs(QgsCoordinateReferenceSystem.fromProj(NAMELESS))
    layer.renderer().setOpacity(0.5)
    crs = QgsCoordinateReferenceSystem.fromProj("+proj=longlat +a=6370000 +rf=300")
    parameters: dict[str, Any] = {
        "INPUT": layer,
        "EXTENT": QgsReferencedRectangle(QgsRectangle(1, 2, 3, 4), crs),
        "BANDS": [3, 2, 1],
        "OUTPUT": QgsProcessingOutputLayerDefinition(str(tmp_path / "out.gpkg"), project),
    }
    algorithm = DescribeRaster()
    algorithm.initAlgorithm()
    request = through_text(run_request(algorithm, parameters, context))
    source = layer.source()
    project.removeAllMapLayers()

    other = QgsProcessingContext()
    other.setProject(project)
    restored = restore(request, project, other)
    assert (request.algorithm, request.title) == ("describeraster", "raster")
    assert restored["BANDS"] == [3, 2, 1]
    assert restored["OUTPUT"] == str(tmp_path / "out.gpkg")
    assert QgsRectangle(restored["EXTENT"]) == QgsRectangle(1, 2, 3, 4)
    assert restored["EXTENT"].crs() == crs
    again = algorithm.parameterAsRasterLayer(restored, "INPUT", other)
    assert (again.source(), again.crs().toProj()) == (source, NAMELESS)
    assert again.renderer().opacity() == 0.5


def test_the_selected_features_are_restored(
    raster: Callable[..., QgsRasterLayer], context: QgsProcessingContext, project: QgsProject, tmp_path: Path
) -> None:
    layer, features = raster(numbered(1, 1)), squares(tmp_path)
    project.addMapLayer(features)
    features.selectByExpression("n IN (1, 3)")
    selection = QgsProcessingFeatureSourceDefinition(features.id(), True)
    algorithm = DescribeFeatures()
    algorithm.initAlgorithm()
    request = through_text(run_request(algorithm, {"INPUT": layer, "FEATURES": selection}, context))
    project.removeAllMapLayers()

    other = QgsProcessingContext()
    other.setProject(project)
    source = algorithm.parameterAsSource(restore(request, project, other), "FEATURES", other)
    assert sorted(feature["n"] for feature in source.getFeatures()) == [1, 3]
    assert request.parameters["OUTPUT"] == "TEMPORARY_OUTPUT"


def test_a_missing_layer_is_named(
    raster: Callable[..., QgsRasterLayer], context: QgsProcessingContext, project: QgsProject, tmp_path: Path
) -> None:
    algorithm = DescribeRaster()
    algorithm.initAlgorithm()
    request = run_request(algorithm, {"INPUT": raster(numbered(1, 1))}, context)
    assert restore(request, project, context)["INPUT"] == request.parameters["INPUT"]
    project.removeAllMapLayers()
    (tmp_path / "raster.tif").unlink()
    with pytest.raises(ImageryError, match="“raster”"):
        restore(request, project, QgsProcessingContext())


def test_credentials_are_not_saved(project: QgsProject, context: QgsProcessingContext) -> None:
    source = "type=xyz&url=http://u:GEHEIM@127.0.0.1:9/%7Bz%7D/%7Bx%7D/%7By%7D.png?token%3DGEHEIM&zmax=3&zmin=0"
    layer = project.addMapLayer(QgsRasterLayer(source, "x", "wms"))
    layer.setName("x.png?sig=GEHEIM")
    assert layer.isValid()
    output = "postgres://dbname='a' host=h user='me' password='GEHEIM' table=\"a\".\"b\""
    request = run_request(DescribeRaster().create(), {"INPUT": layer, "OUTPUT": output}, context)
    text = json.dumps(asdict(request))
    assert "GEHEIM" in layer.source()
    assert "127.0.0.1:9/" in request.source
    assert request.title == "x.png"
    assert "GEHEIM" not in text
    (definition,) = request.layers.values()
    assert "127.0.0.1:9/" in definition
    assert restore(through_text(request), project, context)["INPUT"] == layer.id()
