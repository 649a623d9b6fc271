"""The polygon under a point of the map, and features as parameters of `rsgpt:describefeatures`. Asks nothing."""

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
from .place import asked, topmost_raster

translate = QCoreApplication.translate

# A menu that waits longer for a slow layer would be felt.
_PATIENCE_S = 0.1
_LONGEST_NAME = 40


@dataclass(frozen=True)
class Polygon:
    """A feature of a polygon layer that the map shows. name: what the layer's display expression says of it."""

    layer: QgsVectorLayer
    feature: QgsFeature
    name: str

    @property
    def geometry(self) -> QgsGeometry:
        """In the layer's CRS."""
        return self.feature.geometry()


@dataclass(frozen=True)
class FeatureSelection:
    """Polygons above a raster; each becomes one picture, its bounding box with a margin.

    shapes: a layer of their geometries alone, so that their own attributes cannot be taken for answers.
    """

    algorithm: ClassVar[str] = "rsgpt:describefeatures"

    layer_id: str
    layer_name: str
    shapes: QgsVectorLayer

    def parameters(self, question: Optional[Question] = None, detailed: bool = False) -> dict[str, Any]:
        """Return what describes them, or, with a question, what answers that alone: one row a feature."""
        return {"INPUT": self.layer_id, "FEATURES": self.shapes, **asked(question, detailed)}


def polygon_at(view: QgsMapSettings, point: QgsPointXY) -> Optional[Polygon]:
    """Return the topmost visible polygon under a point of the map, or None. Results come after all other layers."""
    deadline = time.monotonic() + _PATIENCE_S
    layers = [layer for layer in view.layers() if _shows_polygons(layer, view)]
    for layer in sorted(layers, key=is_results):
        feature = _hit(layer, view, point, deadline)
        if feature is not None:
            return Polygon(layer, feature, _name(layer, feature))
    return None


def features_place(view: QgsMapSettings, layer: QgsVectorLayer, features: Sequence[QgsFeature]) -> FeatureSelection:
    """Return features of a layer above the map's topmost raster there; ImageryError where there is none."""
    geometries = [feature.geometry() for feature in features if feature.hasGeometry()]
    area = _area(view, layer, geometries)
    if area is None:
        raise ImageryError(translate("Rsgpt", "The feature has no place on the map. Choose one that has a geometry."))
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
    """The feature that is drawn last of those under the point."""
    side = view.mapUnitsPerPixel()
    try:
        transform = transform_between(view.destinationCrs(), layer.crs(), view.transformContext())
        there = transform.transform(point)
        near = transform.transformBoundingBox(QgsRectangle.fromCenterAndSize(point, side, side))
    except QgsCsException:
        return None
    found = None
    for feature in layer.getFeatures(QgsFeatureRequest(near)):
        if feature.geometry().contains(there):
            found = QgsFeature(feature)
        if time.monotonic() > deadline:
            break
    return found


def _area(view: QgsMapSettings, layer: QgsVectorLayer, geometries: Sequence[QgsGeometry]) -> Optional[QgsRectangle]:
    """Where the map shows them."""
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
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
