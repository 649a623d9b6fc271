"""Polygons under a point of the map, and features as parameters of `rsgpt:describefeatures`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Optional

from qgis.core import (
    Qgis,
    QgsCsException,
    QgsFeature,
    QgsFeatureRequest,
    QgsFields,
    QgsGeometry,
    QgsMapSettings,
    QgsMemoryProviderUtils,
    QgsPointXY,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorLayerUtils,
)
from qgis.PyQt.QtCore import QCoreApplication

from ...errors import ImageryError
from ...geo.results.layer_metadata import is_results
from ...geo.transforms import transform_between
from ...shared.answers.questions import Question
from ...shared.files.addresses import without_secrets
from .place import question_parameters, topmost_raster

translate = QCoreApplication.translate

_PATIENCE_S = 0.1  # a slow layer must not delay the context menu noticeably
_MAX_NAME_LENGTH = 40


@dataclass(frozen=True)
class Polygon:
    """A feature of a visible polygon layer. name: the result of the layer's display expression, on one line."""

    layer: QgsVectorLayer
    feature: QgsFeature
    name: str

    @property
    def geometry(self) -> QgsGeometry:
        """The geometry in the layer's CRS."""
        return self.feature.geometry()


@dataclass(frozen=True)
class FeatureSelection:
    """Polygons on a raster. Each becomes one picture of its bounding box with a margin.

    layer_id, layer_name: of the raster. shapes: a layer of the geometries without their attributes, which must not be
    taken for answers.
    """

    algorithm: ClassVar[str] = "rsgpt:describefeatures"

    layer_id: str
    layer_name: str
    shapes: QgsVectorLayer

    def parameters(self, question: Optional[Question] = None, detailed: bool = False) -> dict[str, Any]:
        """Return the parameters of a run that describes the features or answers `question`: one row per feature."""
        return {"INPUT": self.layer_id, "FEATURES": self.shapes, **question_parameters(question, detailed)}


def polygon_at(view: QgsMapSettings, point: QgsPointXY) -> Optional[Polygon]:
    """Return the topmost visible polygon at `point`, in the map's CRS, or None. Results layers come last."""
    deadline = time.monotonic() + _PATIENCE_S
    layers = [layer for layer in view.layers() if _shows_polygons(layer, view)]
    for layer in sorted(layers, key=is_results):
        feature = _hit(layer, view, point, deadline)
        if feature is not None:
            return Polygon(layer, feature, _name(layer, feature))
    return None


def raster_below(layer: QgsVectorLayer, project: QgsProject) -> Optional[QgsRasterLayer]:
    """Return the topmost raster of the project that overlaps the extent of a layer, None if there is none."""
    for raster in project.layerTreeRoot().layerOrder():
        if isinstance(raster, QgsRasterLayer) and raster.isValid() and not layer.extent().isEmpty():
            try:
                transform = transform_between(layer.crs(), raster.crs(), project.transformContext())
                if transform.transformBoundingBox(layer.extent()).intersects(raster.extent()):
                    return raster
            except QgsCsException:
                continue
    return None


def select_features(view: QgsMapSettings, layer: QgsVectorLayer, features: Sequence[QgsFeature]) -> FeatureSelection:
    """Return the features on the topmost raster of the map at their location.

    Raises ImageryError if the features have no location or there is no raster.
    """
    geometries = [feature.geometry() for feature in features if feature.hasGeometry()]
    area = _area(view, layer, geometries)
    if area is None:
        raise ImageryError(
            translate("Rsgpt", "The feature has no location on the map. Choose a feature that has a geometry.")
        )
    raster, _ = topmost_raster(view, area, area.center())
    return FeatureSelection(raster.id(), without_secrets(raster.name()), _shapes(layer, geometries))


def _shows_polygons(layer: Any, view: QgsMapSettings) -> bool:
    return (
        isinstance(layer, QgsVectorLayer)
        and layer.isValid()
        and layer.geometryType() == Qgis.GeometryType.Polygon
        and layer.isInScaleRange(view.scale())
    )


def _hit(layer: QgsVectorLayer, view: QgsMapSettings, point: QgsPointXY, deadline: float) -> Optional[QgsFeature]:
    """Return the last drawn feature under the point that is found before the deadline."""
    side = view.mapUnitsPerPixel()
    try:
        transform = transform_between(view.destinationCrs(), layer.crs(), view.transformContext())
        position = transform.transform(point)
        search_box = transform.transformBoundingBox(QgsRectangle.fromCenterAndSize(point, side, side))
    except QgsCsException:
        return None
    hit = None
    for feature in layer.getFeatures(QgsFeatureRequest(search_box)):
        if feature.geometry().contains(position):
            hit = QgsFeature(feature)
        if time.monotonic() > deadline:
            break
    return hit


def _area(view: QgsMapSettings, layer: QgsVectorLayer, geometries: Sequence[QgsGeometry]) -> Optional[QgsRectangle]:
    """Return the bounding box in the map's CRS; None without a finite one."""
    box = QgsRectangle()
    for geometry in geometries:
        box.combineExtentWith(geometry.boundingBox())
    try:
        transform = transform_between(layer.crs(), view.destinationCrs(), view.transformContext())
        area = transform.transformBoundingBox(box)
    except QgsCsException:
        return None
    return area if geometries and area.isFinite() else None


def _shapes(layer: QgsVectorLayer, geometries: Sequence[QgsGeometry]) -> QgsVectorLayer:
    shapes = QgsMemoryProviderUtils.createMemoryLayer(layer.name(), QgsFields(), layer.wkbType(), layer.crs())
    features = []
    for geometry in geometries:
        feature = QgsFeature()
        feature.setGeometry(geometry)
        features.append(feature)
    shapes.dataProvider().addFeatures(features)
    return shapes


def _name(layer: QgsVectorLayer, feature: QgsFeature) -> str:
    name = " ".join(QgsVectorLayerUtils.getFeatureDisplayString(layer, feature).split())
    if not name or name == "NULL":
        name = str(feature.id())
    return name if len(name) <= _MAX_NAME_LENGTH else name[: _MAX_NAME_LENGTH - 1] + "…"
