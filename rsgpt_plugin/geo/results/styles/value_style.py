"""A style of the map that shows one column: a color per value, or per range of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qgis.core import (
    Qgis,
    QgsCategorizedSymbolRenderer,
    QgsGraduatedSymbolRenderer,
    QgsRendererCategory,
    QgsRendererRange,
    QgsSymbol,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QColor

from ..display_values import CONFIDENCE_LEVELS, OTHER_COLOR, VALUE_COLORS, DisplayColumn, Kind, display_text
from .legend import fold_long_legend
from .style import level_names, style_polygons_by_confidence

translate = QCoreApplication.translate

MOST_VALUES = 12

_RANGES = 5
_RANGE_COLORS = ("#fde725", "#5ec962", "#21918c", "#3b528b", "#440154")
_OPACITY = 0.55  # the imagery below stays visible


def value_color(value: Any, ranked: Sequence[Any]) -> str:
    """Return the color of a value, None for no answer. ranked: the values that have colors, in their order."""
    return VALUE_COLORS[ranked.index(value)] if value in ranked[:MOST_VALUES] else OTHER_COLOR


def style_by_confidence(layer: QgsVectorLayer, column: DisplayColumn) -> None:
    """Color the features by the levels of the confidence; labels, map tip and form stay."""
    if layer.geometryType() == Qgis.GeometryType.Polygon:
        style_polygons_by_confidence(layer)
    else:
        limits = [1.0, *(minimum for minimum, _, _ in CONFIDENCE_LEVELS)]
        levels = zip(limits[1:], limits, CONFIDENCE_LEVELS, level_names())
        ranges = [QgsRendererRange(low, high, _symbol(layer, level[2]), name) for low, high, level, name in levels]
        # At a limit, QGIS uses the first range.
        layer.setRenderer(QgsGraduatedSymbolRenderer(column.name, ranges))
    layer.triggerRepaint()
    layer.emitStyleChanged()


def style_by_values(layer: QgsVectorLayer, column: DisplayColumn, values: Sequence[Any]) -> None:
    """Color the features by a column. values: of the column, the most frequent first; None for no answer."""
    present = [value for value in values if value is not None]
    if column.kind.is_number and len(present) > MOST_VALUES:
        layer.setRenderer(_ranges(layer, column, sorted(present)))
    else:
        layer.setRenderer(_categories(layer, column, present[:MOST_VALUES]))
    fold_long_legend(layer)
    layer.triggerRepaint()
    layer.emitStyleChanged()


def _categories(layer: QgsVectorLayer, column: DisplayColumn, values: Sequence[Any]) -> QgsCategorizedSymbolRenderer:
    # Shapefiles store yes and no as 1 and 0.
    as_numbers = column.kind is Kind.YESNO and layer.fields().at(column.index).isNumeric()
    categories = [
        QgsRendererCategory(
            int(value) if as_numbers else value,
            _symbol(layer, value_color(value, values)),
            display_text(value, column.kind),
        )
        for value in values
    ]
    # QGIS uses the category without a value for all other features.
    rest = translate("Rsgpt", "Other or no answer")
    categories.append(QgsRendererCategory(None, _symbol(layer, OTHER_COLOR), rest))
    return QgsCategorizedSymbolRenderer(column.name, categories)


def _ranges(layer: QgsVectorLayer, column: DisplayColumn, values: Sequence[float]) -> QgsGraduatedSymbolRenderer:
    """Return ranges that hold about the same number of different values."""
    limits = [values[round(number * (len(values) - 1) / _RANGES)] for number in range(_RANGES + 1)]
    ranges = [
        QgsRendererRange(low, high, _symbol(layer, color), f"{low:.6g} – {high:.6g}")
        for low, high, color in zip(limits, limits[1:], _RANGE_COLORS)
    ]
    return QgsGraduatedSymbolRenderer(column.name, ranges)


def _symbol(layer: QgsVectorLayer, color: str) -> QgsSymbol:
    symbol = QgsSymbol.defaultSymbol(layer.geometryType())
    symbol.setColor(QColor(color))
    symbol.setOpacity(_OPACITY)
    return symbol
