"""Outlines on the map: what a click would show to the model, and where an answer lies. Decides on no area."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsGeometry,
    QgsRectangle,
    QgsReferencedRectangle,
)
from qgis.gui import QgsRubberBand

from ..services.asking import Shown
from .on_map import go_to, outline

_SURROUNDINGS = 2.0


class Preview:
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


def show_on(canvas: Any, shown: Shown) -> None:
    """Bring answers into view, unless they are, and flash them."""
    box = QgsRectangle()
    for geometry in shown.geometries:
        box.combineExtentWith(geometry.boundingBox())
    if go_to(canvas, QgsReferencedRectangle(box, shown.crs), _SURROUNDINGS):
        canvas.flashGeometries(list(shown.geometries), shown.crs)
