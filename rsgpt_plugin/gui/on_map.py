"""How places are outlined on the map, and how the map goes to one. Knows no layer."""

from __future__ import annotations

from typing import Any

from qgis.core import Qgis, QgsCsException, QgsReferencedRectangle
from qgis.gui import QgsRubberBand
from qgis.PyQt.QtGui import QColor

_LINE = QColor(0, 103, 177)
_CASING = QColor(255, 253, 245)
_INSIDE = QColor(0, 103, 177, 30)


def outline(canvas: Any, filled: bool = False) -> QgsRubberBand:
    """An empty outline: the same for every place that is or may be looked at. It has to be taken off the canvas."""
    band = QgsRubberBand(canvas, Qgis.GeometryType.Polygon)
    band.setStrokeColor(_LINE)
    band.setSecondaryStrokeColor(_CASING)
    band.setFillColor(_INSIDE if filled else QColor(0, 0, 0, 0))
    band.setWidth(2)
    return band


def go_to(canvas: Any, place: QgsReferencedRectangle, room: float = 1.3) -> bool:
    """Bring a place into view, `room` times as large as it is; False where the project's CRS does not reach there."""
    box = QgsReferencedRectangle(place, place.crs())
    box.scale(room)
    try:
        canvas.setReferencedExtent(box)
    except QgsCsException:
        return False
    canvas.refresh()
    return True
