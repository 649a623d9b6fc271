"""The style of results layers: outlines by confidence, labels by scale, map tips, and the attribute form."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from qgis.core import (
    Qgis,
    QgsExpression,
    QgsFeatureRequest,
    QgsMapLayer,
    QgsProviderRegistry,
    QgsReadWriteContext,
    QgsRuleBasedLabeling,
    QgsRuleBasedRenderer,
    QgsUnitTypes,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtXml import QDomDocument

from ....core.paths import plugin_root
from ....shared.files.geopackage import holds_results
from ....shared.results.columns import CORRECTED, OBJECT
from ..column_roles import ResultColumns, result_columns
from .attribute_form import set_form
from .legend import fold_long_legend
from .map_tip import answers_label, caption_label, map_tip
from .object_style import add_heat_map, style_objects

translate = QCoreApplication.translate

STYLE_FILE = plugin_root() / "resources" / "styles" / "answers.qml"

# At small scales, QGIS lays out the label of each row before it drops labels without space: seconds for many rows.
_MANY_ROWS = 2000
_SAMPLED_ROWS = 1000
_SCALE_MARGIN = 4  # the scale of the map and of the ground differ by projection

_CATEGORIES = QgsMapLayer.StyleCategory
_LABELS_ONLY = _CATEGORIES.Labeling
_SYMBOL_ID = re.compile(r' id="\{[^"]*\}"')  # differs each time a style is loaded
_TEXTS = _CATEGORIES.MapTips | _CATEGORIES.Fields | _CATEGORIES.Forms


def apply_style(layer: QgsVectorLayer) -> None:
    """Style a results layer of any format. Layers of points or lines keep their symbols, unless they are found objects.

    Call this again after columns are added. Texts and column names are set here, as the style file has none.
    """
    columns = result_columns(layer)
    if columns.holds_objects:
        apply_texts(layer)
        style_objects(layer, columns)
        fold_long_legend(layer)
        layer.triggerRepaint()
        return
    polygons = layer.geometryType() == Qgis.GeometryType.Polygon
    symbols = _CATEGORIES.Symbology | _LABELS_ONLY
    layer.loadNamedStyle(str(STYLE_FILE), True, symbols if polygons else _LABELS_ONLY)
    if polygons:
        _set_rules(layer, columns)
    _label(layer, columns)
    apply_texts(layer)
    layer.triggerRepaint()


def apply_texts(layer: QgsVectorLayer) -> None:
    """Set map tip, form, and display name of a results layer; the symbols stay."""
    columns = result_columns(layer)
    layer.setMapTipTemplate(map_tip(columns, layer.fields()))
    set_form(layer, columns)
    shown = columns.text or columns.known.get(OBJECT)
    if shown:
        layer.setDisplayExpression(QgsExpression.quotedColumnRef(shown))


class OwnStyle(NamedTuple):
    """Which parts of the style of a layer are those of `apply_style`, without changes of the user."""

    symbols: bool
    texts: bool

    def update(self, layer: QgsVectorLayer) -> None:
        """Set these parts again, after columns were added or removed."""
        if self.symbols:
            style_polygons_by_confidence(layer)
            layer.triggerRepaint()
        if self.texts:
            apply_texts(layer)


def own_style(layer: QgsVectorLayer) -> OwnStyle:
    """Return what `apply_style` would leave as it is."""
    present, styled = layer.clone(), layer.clone()  # a copy has other constraints than its layer
    apply_style(styled)
    same = [_exported(present, part) == _exported(styled, part) for part in (_CATEGORIES.Symbology, _TEXTS)]
    return OwnStyle(same[0] and layer.geometryType() == Qgis.GeometryType.Polygon, same[1])


def _exported(layer: QgsVectorLayer, categories: QgsMapLayer.StyleCategory) -> str:
    document = QDomDocument()
    layer.exportNamedStyle(document, QgsReadWriteContext(), categories)
    return _SYMBOL_ID.sub("", document.toString())


def show_styled(layer: QgsVectorLayer) -> None:
    """Apply the default style that is stored in the layer's file or next to it, or our style if there is none."""
    _, is_loaded = layer.loadDefaultStyle()
    if not is_loaded or not (is_style_file(Path(layer.styleURI()), layer.geometryType()) or _is_in_file(layer)):
        apply_style(layer)
    elif result_columns(layer).holds_objects:
        add_heat_map(layer, result_columns(layer))
    fold_long_legend(layer)


def is_style_file(path: Path, geometry: Qgis.GeometryType) -> bool:
    """Whether a .qml file exists and holds a style of results with this geometry type.

    QGIS looks for it by name only, so it can also belong to a raster or to another layer of the file.
    """
    document = QDomDocument()
    with suppress(OSError):
        document.setContent(path.read_text("utf-8", errors="replace"))
    root = document.documentElement()
    fields = root.firstChildElement("fieldConfiguration").elementsByTagName("field")
    names = [fields.at(number).toElement().attribute("name") for number in range(fields.count())]
    is_same_type = root.firstChildElement("layerGeometryType").text() == str(geometry.value)
    return is_same_type and (not names or holds_results(names))


def _is_in_file(layer: QgsVectorLayer) -> bool:
    return bool(QgsProviderRegistry.instance().loadStyle(layer.providerType(), layer.source(), ""))


def style_polygons_by_confidence(layer: QgsVectorLayer) -> None:
    """Set only the symbols of the style of results layers."""
    layer.loadNamedStyle(str(STYLE_FILE), True, _CATEGORIES.Symbology)
    _set_rules(layer, result_columns(layer))


def level_names() -> tuple[str, str, str]:
    """Return the names of the levels of confidence in the legend, the highest first."""
    return (
        translate("Rsgpt", "Sure (70 % and above)"),
        translate("Rsgpt", "Fair (40 % to 70 %)"),
        translate("Rsgpt", "Unsure (below 40 %)"),
    )


def _set_rules(layer: QgsVectorLayer, columns: ResultColumns) -> None:
    """Translate the legend, and style corrected rows in a layer that may have some, as no confidence applies to them.

    The order is that of the rules in the style file.
    """
    names = (*level_names(), translate("Rsgpt", "No answer"), translate("Rsgpt", "Corrected by a person"))
    renderer = layer.renderer().clone()
    if isinstance(renderer, QgsRuleBasedRenderer):
        *levels, corrected = renderer.rootRule().children()
        for rule, name in zip((*levels, corrected), names):
            rule.setLabel(name)
        if CORRECTED in columns.known:
            for rule in levels:
                rule.setFilterExpression(f"coalesce(\"{CORRECTED}\", '') = '' AND ({rule.filterExpression()})")
        else:
            renderer.rootRule().removeChild(corrected)
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
