"""How a result looks on the map: outline by confidence, caption as label and map tip. Writes no style file."""

from __future__ import annotations

from typing import ClassVar

from qgis.core import (
    Qgis,
    QgsMapLayer,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsVectorLayer,
)

from ..core.paths import plugin_root

STYLE_FILE = plugin_root() / "resources" / "styles" / "answers.qml"

_TEXT_ONLY = QgsMapLayer.StyleCategory.Labeling | QgsMapLayer.StyleCategory.MapTips


def apply_style(layer: QgsVectorLayer) -> None:
    """Style a result layer; one that holds points or lines keeps its symbols and gets labels and map tips."""
    polygons = layer.geometryType() == Qgis.GeometryType.Polygon
    layer.loadNamedStyle(
        str(STYLE_FILE), True, QgsMapLayer.StyleCategory.AllStyleCategories if polygons else _TEXT_ONLY
    )
    layer.triggerRepaint()


class ResultStyler(QgsProcessingLayerPostProcessorInterface):
    """Styles one result on the main thread once Processing has loaded it.

    Processing owns and deletes it, yet its Python half dies with the last reference, and the algorithm that
    made it is gone before it is used: so it keeps itself until then.
    """

    _waiting: ClassVar[set[ResultStyler]] = set()

    def __init__(self) -> None:
        super().__init__()
        self._waiting.add(self)

    def postProcessLayer(
        self, layer: QgsMapLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        """Apply the style to a vector layer."""
        self._waiting.discard(self)
        if isinstance(layer, QgsVectorLayer):
            apply_style(layer)
