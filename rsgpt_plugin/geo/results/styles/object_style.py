"""The style of found objects: a color per object, paler the less certain; and a heat map of points."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from qgis.core import (
    Qgis,
    QgsCategorizedSymbolRenderer,
    QgsFillSymbol,
    QgsGradientColorRamp,
    QgsGradientStop,
    QgsHeatmapRenderer,
    QgsMapLayerStyle,
    QgsMarkerSymbol,
    QgsProperty,
    QgsRendererCategory,
    QgsSymbol,
    QgsSymbolLayer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QColor

from ....shared.results.columns import CONFIDENCE, OBJECT
from ..column_roles import ResultColumns
from ..display_values import OTHER_COLOR, VALUE_COLORS

translate = QCoreApplication.translate

_MOST_OBJECTS = len(VALUE_COLORS)
_EDGE = "#ffffff"
_POINT = {"name": "circle", "size": "2.8", "outline_color": _EDGE, "outline_width": "0.4"}
_LEAST_ALPHA = 60  # of 255: an object that is hardly certain stays visible
_HEAT = ("#00440154", "#b0440154", "#c821918c", "#e6fde725")  # transparent, then dark to bright
_HEAT_RADIUS = 6.0  # millimeters


def style_objects(layer: QgsVectorLayer, columns: ResultColumns) -> None:
    """Set the symbols of a layer of found objects, points or boxes, and add the heat map."""
    add_heat_map(layer, columns)
    column = columns.known[OBJECT]
    objects = layer.uniqueValues(layer.fields().lookupField(column), _MOST_OBJECTS)
    labels = sorted(str(value) for value in objects if value)
    colors = object_colors(labels)
    categories = [QgsRendererCategory(label, _symbol(layer, columns, colors[label]), label) for label in labels]
    if len(labels) == _MOST_OBJECTS:
        other = translate("Rsgpt", "Other")
        categories.append(QgsRendererCategory(None, _symbol(layer, columns, OTHER_COLOR), other))
    layer.setRenderer(QgsCategorizedSymbolRenderer(column, categories))


def heat_map_name() -> str:
    """Return the name of the style of the heat map in the list of styles of a layer."""
    return translate("Rsgpt", "Heat map")


def show_heat_map(layer: QgsVectorLayer, columns: ResultColumns) -> None:
    """Show points as a heat map."""
    renderer = QgsHeatmapRenderer()
    renderer.setRadius(_HEAT_RADIUS)
    renderer.setRadiusUnit(Qgis.RenderUnit.Millimeters)
    renderer.setWeightExpression(_confidence(columns))
    colors = [QColor(color) for color in _HEAT]
    stops = [QgsGradientStop(0.05, colors[1]), QgsGradientStop(0.5, colors[2])]
    renderer.setColorRamp(QgsGradientColorRamp(colors[0], colors[-1], False, stops))
    layer.setRenderer(renderer)


def add_heat_map(layer: QgsVectorLayer, columns: ResultColumns) -> None:
    """Add the heat map to the list of styles of a layer of points; the layer keeps its look."""
    renderer = layer.renderer()
    if layer.geometryType() != Qgis.GeometryType.Point or renderer is None:
        return
    style, shown = QgsMapLayerStyle(), renderer.clone()
    show_heat_map(layer, columns)
    style.readFromLayer(layer)
    layer.setRenderer(shown)
    manager = layer.styleManager()
    manager.removeStyle(heat_map_name())
    manager.addStyle(heat_map_name(), style)


def object_colors(labels: Sequence[str]) -> dict[str, str]:
    """Return a color per object: the same in all layers, unless two objects of one layer would share it."""
    colors: dict[str, str] = {}
    for label in labels:
        first = zlib.crc32(label.encode()) % len(VALUE_COLORS)
        order = [*VALUE_COLORS[first:], *VALUE_COLORS[:first]]
        colors[label] = next((color for color in order if color not in colors.values()), OTHER_COLOR)
    return colors


def _symbol(layer: QgsVectorLayer, columns: ResultColumns, color: str) -> QgsSymbol:
    if layer.geometryType() == Qgis.GeometryType.Point:
        symbol: QgsSymbol = QgsMarkerSymbol.createSimple({**_POINT, "color": color})
        _fade(symbol.symbolLayer(0), QgsSymbolLayer.Property.PropertyFillColor, columns, color)
        return symbol
    edge = {"style": "no", "outline_color": _EDGE, "outline_width": "1.0", "joinstyle": "miter"}
    symbol = QgsFillSymbol.createSimple(edge)
    line = QgsFillSymbol.createSimple({**edge, "outline_color": color, "outline_width": "0.6"}).takeSymbolLayer(0)
    _fade(line, QgsSymbolLayer.Property.PropertyStrokeColor, columns, color)
    symbol.appendSymbolLayer(line)
    return symbol


def _fade(part: QgsSymbolLayer, what: QgsSymbolLayer.Property, columns: ResultColumns, color: str) -> None:
    """Make a color paler the less certain an object is."""
    alpha = f"{_LEAST_ALPHA} + {255 - _LEAST_ALPHA} * {_confidence(columns)}"
    part.setDataDefinedProperty(what, QgsProperty.fromExpression(f"set_color_part('{color}', 'alpha', {alpha})"))


def _confidence(columns: ResultColumns) -> str:
    return f'coalesce("{columns.known[CONFIDENCE]}", 1)' if CONFIDENCE in columns.known else "1"
