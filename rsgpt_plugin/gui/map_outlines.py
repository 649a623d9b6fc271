"""Outlines of areas and answers on the map canvas, and zooming to them."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCsException,
    QgsGeometry,
    QgsRectangle,
    QgsReferencedRectangle,
)
from qgis.gui import QgsRubberBand
from qgis.PyQt.QtGui import QColor

from ..services.asking.click_run import ShownAnswers

_LINE = QColor(0, 103, 177)
_CASING = QColor(255, 253, 245)
_INSIDE = QColor(0, 103, 177, 30)
_SURROUNDINGS = 2.0


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


class MapOutline:
    """One outline at a time."""

    def __init__(self, canvas: Any) -> None:
        self._canvas = canvas
        self._band: Optional[QgsRubberBand] = None

    def show(self, area: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> None:
        """Outline an area, in place of the one before. area: polygons in `crs`."""
        self.clear()
        self._band = outline(self._canvas, filled=True)
        self._band.setToGeometry(area, crs)

    def clear(self) -> None:
        """Take the outline away."""
        band, self._band = self._band, None
        if band is not None:
            self._canvas.scene().removeItem(band)


def show_on(canvas: Any, shown: ShownAnswers) -> None:
    """Bring answers into view, unless they are, and flash them."""
    box = QgsRectangle()
    for geometry in shown.geometries:
        box.combineExtentWith(geometry.boundingBox())
    if go_to(canvas, QgsReferencedRectangle(box, shown.crs), _SURROUNDINGS):
        canvas.flashGeometries(list(shown.geometries), shown.crs)
