"""Styles the layer of a search after Processing has loaded it."""

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

from ...geo.results.layer_metadata import describe_layer
from ...geo.results.styles.similarity_style import style_by_similarity
from ...shared.results.columns import SIMILARITY


class SimilarityStyler(QgsProcessingLayerPostProcessorInterface):
    """Colors polygons by similarity, on the main thread. See ResultStyler about the reference that it keeps."""

    _waiting: ClassVar[set[SimilarityStyler]] = set()

    def __init__(self, description: str) -> None:
        """description: of the search, for people."""
        super().__init__()
        self._description = description
        self._waiting.add(self)

    def postProcessLayer(
        self, layer: QgsMapLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        """Style a layer with a column of similarities."""
        self._waiting.discard(self)
        if isinstance(layer, QgsVectorLayer) and SIMILARITY in layer.fields().names():
            if layer.geometryType() == Qgis.GeometryType.Polygon:
                style_by_similarity(layer)
            describe_layer(layer, self._description)
