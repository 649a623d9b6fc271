"""The style of results layers: outlines by confidence, labels by scale, map tips, and the attribute form."""

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
from .layer_metadata import describe_layer, record_run
from .map_tip import answers_label, caption_label, map_tip

translate = QCoreApplication.translate

STYLE_FILE = plugin_root() / "resources" / "styles" / "answers.qml"

# At small scales, QGIS lays out the label of each row before it drops labels without space: seconds for many rows.
_MANY_ROWS = 2000
_SAMPLED_ROWS = 1000
_SCALE_MARGIN = 4  # the scale of the map and of the ground differ by projection

_LABELS_ONLY = QgsMapLayer.StyleCategory.Labeling


def apply_style(layer: QgsVectorLayer) -> None:
    """Style a results layer of any format. Layers of points or lines keep their symbols.

    Call this again after columns are added. Texts and column names are set here, as the style file has none.
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


def show_styled(layer: QgsVectorLayer) -> None:
    """Apply the default style that is stored in the layer's file or next to it, or our style if there is none."""
    _, is_loaded = layer.loadDefaultStyle()
    if not is_loaded:
        apply_style(layer)


def style_polygons_by_confidence(layer: QgsVectorLayer) -> None:
    """Set only the symbols of the style of results layers."""
    layer.loadNamedStyle(str(STYLE_FILE), True, QgsMapLayer.StyleCategory.Symbology)
    _name_rules(layer)


def level_names() -> tuple[str, str, str]:
    """Return the names of the levels of confidence in the legend, the highest first."""
    return (
        translate("Rsgpt", "Sure (70 % and above)"),
        translate("Rsgpt", "Fair (40 % to 70 %)"),
        translate("Rsgpt", "Unsure (below 40 %)"),
    )


def _name_rules(layer: QgsVectorLayer) -> None:
    """Translate the legend. The order is that of the rules in the style file."""
    names = (*level_names(), translate("Rsgpt", "No answer"))
    renderer = layer.renderer().clone()
    if isinstance(renderer, QgsRuleBasedRenderer):
        for rule, name in zip(renderer.rootRule().children(), names):
            rule.setLabel(name)
        # Set the renderer again, so that a layer tree that already shows the layer updates the names.
        layer.setRenderer(renderer)


def _label(layer: QgsVectorLayer, columns: ResultColumns) -> None:
    """Label rows that are large enough on the screen with the caption, or with the answers if there is no caption."""
    labeling = layer.labeling()
    if not isinstance(labeling, QgsRuleBasedLabeling):
        return
    labeling = labeling.clone()
    text = f'"{columns.text}"' if columns.text else "NULL"
    rules = (
        (translate("Rsgpt", "Caption"), f"{text} IS NOT NULL", caption_label(columns)),
        (translate("Rsgpt", "Answers"), f"{text} IS NULL", answers_label(columns, layer.fields())),
    )
    for rule, (name, condition, label) in zip(labeling.rootRule().children(), rules):
        settings = rule.settings()
        settings.fieldName = label
        settings.isExpression = True
        rule.setSettings(settings)
        rule.setMinimumScale(_minimum_scale(layer, settings.thinningSettings().minimumFeatureSize()))
        rule.setDescription(name)
        rule.setFilterExpression(condition)
    layer.setLabeling(labeling)


def _minimum_scale(layer: QgsVectorLayer, millimeters: float) -> float:
    """Return the scale below which no sampled row is that large on the screen; 0 (no limit) for layers of few rows."""
    if layer.geometryType() != Qgis.GeometryType.Polygon or layer.featureCount() < _MANY_ROWS:
        return 0.0
    request = QgsFeatureRequest().setNoAttributes().setLimit(_SAMPLED_ROWS)
    side = math.sqrt(max((feature.geometry().area() for feature in layer.getFeatures(request)), default=0.0))
    meters = side * QgsUnitTypes.fromUnitToUnitFactor(layer.crs().mapUnits(), Qgis.DistanceUnit.Meters)
    return _SCALE_MARGIN * 1000 * meters / millimeters


class ResultStyler(QgsProcessingLayerPostProcessorInterface):
    """Styles a results layer and records its run, on the main thread after Processing loads the layer.

    A default style that the user stored for the file is kept.

    Processing owns the C++ object. The Python part would be deleted with the algorithm, before it is used, so the class
    keeps a reference until then.
    """

    _waiting: ClassVar[set[ResultStyler]] = set()

    def __init__(self, run: RunRequest | None = None, description: str = "") -> None:
        """run: the request to store with the layer. description: of the run, for people."""
        super().__init__()
        self._run = run
        self._description = description
        self._waiting.add(self)

    def postProcessLayer(
        self, layer: QgsMapLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        """Apply the style to a vector layer and record its run."""
        self._waiting.discard(self)
        if isinstance(layer, QgsVectorLayer):
            show_styled(layer)
            if self._run is not None:
                record_run(layer, self._run)
            if self._description:
                describe_layer(layer, self._description)
