"""How a result looks on the map: outline by confidence, labels that appear when zoomed in, tips, a form."""

from __future__ import annotations

import math
from typing import ClassVar

from qgis.core import (
    Qgis,
    QgsExpression,
    QgsFeatureRequest,
    QgsMapLayer,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsRuleBasedLabeling,
    QgsRuleBasedRenderer,
    QgsUnitTypes,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

from ...core.paths import plugin_root
from ...core.run_store import RunRequest
from .attribute_form import set_form
from .column_roles import ResultColumns, result_columns
from .layer_metadata import record_run
from .map_tip import answers_label, caption_label, map_tip

translate = QCoreApplication.translate

STYLE_FILE = plugin_root() / "resources" / "styles" / "answers.qml"

# From far away QGIS writes the label of each row before it sees that there is no room: seconds, for very many.
_MANY = 2000
_SAMPLED = 1000
_SOONER = 4  # times farther away than room is expected: a map's scale and the ground's differ by projection

_LABELS_ONLY = QgsMapLayer.StyleCategory.Labeling


def apply_style(layer: QgsVectorLayer) -> None:
    """Dress a result layer of any format; one that holds points or lines keeps its symbols.

    Apply it again where columns were added. The style file knows no words and no columns: they come from here.
    """
    columns = result_columns(layer)
    polygons = layer.geometryType() == Qgis.GeometryType.Polygon
    symbols = QgsMapLayer.StyleCategory.Symbology | _LABELS_ONLY
    layer.loadNamedStyle(str(STYLE_FILE), True, symbols if polygons else _LABELS_ONLY)
    if polygons:
        _name_rules(layer)
    _label(layer, columns)
    layer.setMapTipTemplate(map_tip(columns, layer.fields()))
    set_form(layer, columns)
    if columns.text:
        layer.setDisplayExpression(QgsExpression.quotedColumnRef(columns.text))
    layer.triggerRepaint()


def _name_rules(layer: QgsVectorLayer) -> None:
    """Put the legend in the user's language. The order is the style file's."""
    names = (
        translate("Rsgpt", "Sure (70 % and above)"),
        translate("Rsgpt", "Fair (40 % to 70 %)"),
        translate("Rsgpt", "Unsure (below 40 %)"),
        translate("Rsgpt", "No answer"),
    )
    renderer = layer.renderer().clone()
    if isinstance(renderer, QgsRuleBasedRenderer):
        for rule, name in zip(renderer.rootRule().children(), names):
            rule.setLabel(name)
        # Set anew, as a layer tree that shows the layer already has the style file's own names.
        layer.setRenderer(renderer)


def _label(layer: QgsVectorLayer, columns: ResultColumns) -> None:
    """Say the caption, and where there is none the answers; both only where the place is large on the screen."""
    labeling = layer.labeling()
    if not isinstance(labeling, QgsRuleBasedLabeling):
        return
    labeling = labeling.clone()
    text = f'"{columns.text}"' if columns.text else "NULL"
    rules = (
        (translate("Rsgpt", "Caption"), f"{text} IS NOT NULL", caption_label(columns)),
        (translate("Rsgpt", "Answers"), f"{text} IS NULL", answers_label(columns, layer.fields())),
    )
    for rule, (name, which, says) in zip(labeling.rootRule().children(), rules):
        settings = rule.settings()
        settings.fieldName = says
        settings.isExpression = True
        rule.setSettings(settings)
        rule.setMinimumScale(_farthest(layer, settings.thinningSettings().minimumFeatureSize()))
        rule.setDescription(name)
        rule.setFilterExpression(which)
    layer.setLabeling(labeling)


def _farthest(layer: QgsVectorLayer, millimetres: float) -> float:
    """The scale beyond which no row of very many is as large as that on the screen, by the first of them; 0 for any."""
    if layer.geometryType() != Qgis.GeometryType.Polygon or layer.featureCount() < _MANY:
        return 0.0
    request = QgsFeatureRequest().setNoAttributes().setLimit(_SAMPLED)
    side = math.sqrt(max((feature.geometry().area() for feature in layer.getFeatures(request)), default=0.0))
    metres = side * QgsUnitTypes.fromUnitToUnitFactor(layer.crs().mapUnits(), Qgis.DistanceUnit.Meters)
    return _SOONER * 1000 * metres / millimetres


class ResultStyler(QgsProcessingLayerPostProcessorInterface):
    """Styles one result, and notes where it came from, on the main thread once Processing has loaded it.

    Processing owns and deletes it, yet its Python half dies with the last reference, and the algorithm that
    made it is gone before it is used: so it keeps itself until then.
    """

    _waiting: ClassVar[set[ResultStyler]] = set()

    def __init__(self, run: RunRequest | None = None) -> None:
        """run: what the layer came from, to be kept with it."""
        super().__init__()
        self._run = run
        self._waiting.add(self)

    def postProcessLayer(
        self, layer: QgsMapLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        """Apply the style to a vector layer."""
        self._waiting.discard(self)
        if isinstance(layer, QgsVectorLayer):
            apply_style(layer)
            if self._run is not None:
                record_run(layer, self._run)
