"""The layer action “Ask about this feature” in identify results, attribute tables and forms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from qgis.core import Qgis, QgsFeature, QgsFeatureRequest, QgsMapLayer, QgsVectorLayer
from qgis.gui import QgsGui, QgsMapLayerAction, QgsMapLayerActionContext
from qgis.PyQt.QtCore import QObject

from ...icons import plugin_icon
from ...services.asking.feature_selection import FeatureSelection, select_features
from .canvas_menu import AskHandlers


class _PolygonAction(QgsMapLayerAction):
    """A layer action for polygon layers only."""

    def canRunUsingLayer(  # noqa: N802 - QGIS's name
        self, layer: QgsMapLayer, context: Optional[QgsMapLayerActionContext] = None
    ) -> bool:
        """Return whether QGIS lists the action. QGIS also calls the deprecated form without a context: False."""
        polygons = isinstance(layer, QgsVectorLayer) and layer.geometryType() == Qgis.GeometryType.Polygon
        return context is not None and polygons


class FeatureActions(QObject):
    """Adds the action to QGIS's registry of layer actions."""

    def __init__(self, iface: Any, handlers: AskHandlers) -> None:
        super().__init__()
        self._canvas = iface.mapCanvas()
        self._handlers = handlers
        # Under Qt 5, combining two members of this enum gives an integer, not flags.
        single = Qgis.MapLayerActionTargets(Qgis.MapLayerActionTarget.SingleFeature)
        targets = single | Qgis.MapLayerActionTarget.MultipleFeatures
        icon = plugin_icon()
        self.ask = _PolygonAction(self.tr("Ask about this feature (RSGPT)…"), self, targets, icon)
        self.ask.triggeredForFeatureV2.connect(lambda layer, feature, context: self._ask(layer, [feature]))
        self.ask.triggeredForFeaturesV2.connect(lambda layer, features, context: self._ask(layer, features))

    def register(self) -> None:
        """Add the action."""
        QgsGui.mapLayerActionRegistry().addMapLayerAction(self.ask)

    def unregister(self) -> None:
        """Remove the action."""
        QgsGui.mapLayerActionRegistry().removeMapLayerAction(self.ask)

    def _ask(self, layer: QgsVectorLayer, features: Sequence[QgsFeature]) -> None:
        ids = [feature.id() for feature in features]

        def find() -> FeatureSelection:
            # An attribute table passes features without geometry.
            complete = list(layer.getFeatures(QgsFeatureRequest(ids)))
            return select_features(self._canvas.mapSettings(), layer, complete)

        title = self.tr("Ask about this feature") if len(ids) == 1 else self.tr("Ask about these features")
        self._handlers.ask_with_dialog(find, title)
