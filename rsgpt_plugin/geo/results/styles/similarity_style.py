"""The style of search results: a color per range of similarity."""

from __future__ import annotations

from qgis.core import QgsFillSymbol, QgsGraduatedSymbolRenderer, QgsRendererRange, QgsVectorLayer

from ....shared.results.columns import SIMILARITY
from ....shared.search.ranking import SURE_WORDS

_OPACITY = 0.55  # the imagery below stays visible
# Upper limit and color, from unlike to like. At a limit, QGIS uses the first range.
_RANGES = ((0.25, "#440154"), (0.5, "#3b528b"), (0.75, "#21918c"), (SURE_WORDS, "#5ec962"), (1.0, "#fde725"))


def style_by_similarity(layer: QgsVectorLayer) -> None:
    """Color polygons by their similarity; labels, map tip, and form stay."""
    ranges, least = [], 0.0
    for most, color in _RANGES:
        symbol = QgsFillSymbol.createSimple({"color": color, "outline_color": color, "outline_width": "0.4"})
        symbol.setOpacity(_OPACITY)
        ranges.append(QgsRendererRange(least, most, symbol, f"{least:.2f} – {most:.2f}"))
        least = most
    layer.setRenderer(QgsGraduatedSymbolRenderer(SIMILARITY, ranges))
    layer.triggerRepaint()
