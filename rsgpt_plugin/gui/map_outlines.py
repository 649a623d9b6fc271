"""Outlines on the map canvas, and zooming to areas and answers."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Optional

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCsException,
    QgsGeometry,
    QgsRectangle,
    QgsReferencedRectangle,
)
from qgis.gui import QgsMapCanvas, QgsRubberBand
from qgis.PyQt.QtCore import QObject
from qgis.PyQt.QtGui import QColor

from ..services.asking.click_run import ShownAnswers

LINE = QColor(0, 103, 177)
CASING = QColor(255, 253, 245)
_INSIDE = QColor(0, 103, 177, 30)
_ANSWER_FACTOR = 2.0
_POINT_SIZE = 9  # pixels


def outline(canvas: Any, filled: bool = False) -> QgsRubberBand:
    """Return an empty rubber band in the plugin's style. The caller removes it from the canvas."""
    band = QgsRubberBand(canvas, Qgis.GeometryType.Polygon)
    band.setStrokeColor(LINE)
    band.setSecondaryStrokeColor(CASING)
    band.setFillColor(_INSIDE if filled else QColor(0, 0, 0, 0))
    band.setWidth(2)
    return band


def zoom_to(canvas: Any, place: QgsReferencedRectangle, factor: float = 1.3) -> bool:
    """Zoom to a place, enlarged by `factor`. Return False if the project's CRS does not cover it."""
    box = QgsReferencedRectangle(place, place.crs())
    box.scale(factor)
    try:
        canvas.setReferencedExtent(box)
    except QgsCsException:
        return False
    canvas.refresh()
    return True


class MapOutline:
    """Shows at most one outline, or points, at a time."""

    def __init__(self, canvas: Any) -> None:
        self._canvas = canvas
        self._band: Optional[QgsRubberBand] = None

    def show(self, area: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> None:
        """Replace the outline. area: polygons or points in `crs`."""
        self.clear()
        self._band = outline(self._canvas, filled=True)
        if area.type() == Qgis.GeometryType.Point:
            self._band.setIcon(QgsRubberBand.IconType.ICON_CIRCLE)
            self._band.setIconSize(_POINT_SIZE)
        self._band.setToGeometry(area, crs)

    @property
    def band(self) -> Optional[QgsRubberBand]:
        """What is on the canvas."""
        return self._band

    def clear(self) -> None:
        """Remove the outline."""
        band, self._band = self._band, None
        if band is not None:
            self._canvas.scene().removeItem(band)


class MapDrawing(QObject):
    """What is drawn on a canvas while it is wanted, and again after a change of the CRS. Subclasses draw."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__()
        self._canvas = canvas
        self._is_wanted = True
        canvas.destinationCrsChanged.connect(self._draw)

    def set_wanted(self, is_wanted: bool) -> None:
        """Set whether the drawing may be visible."""
        self._is_wanted = is_wanted
        self._draw()

    def remove(self) -> None:
        """Remove the drawing and disconnect from the canvas. Call this before the canvas is deleted."""
        self._canvas.destinationCrsChanged.disconnect(self._draw)
        self._clear()

    @abstractmethod
    def _draw(self) -> None:
        """Draw or hide it, after a change."""

    @abstractmethod
    def _clear(self) -> None:
        """Remove it from the canvas."""


def show_answers(canvas: Any, shown: ShownAnswers) -> None:
    """Zoom to the geometries of answers and flash them."""
    box = QgsRectangle()
    for geometry in shown.geometries:
        box.combineExtentWith(geometry.boundingBox())
    if zoom_to(canvas, QgsReferencedRectangle(box, shown.crs), _ANSWER_FACTOR):
        canvas.flashGeometries(list(shown.geometries), shown.crs)
