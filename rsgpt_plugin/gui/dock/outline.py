"""The map outline of the picture that the conversation is about."""

from __future__ import annotations

from typing import Optional

from qgis.core import Qgis, QgsGeometry
from qgis.gui import QgsMapCanvas

from ...core.conversation_history import CapturedView
from ...services.asking.scene import extent_of
from ..map_outlines import MapDrawing, outline


class Outline(MapDrawing):
    """Hidden until `show_view`; `remove` deletes it from the canvas."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._view: Optional[CapturedView] = None
        self.band = outline(canvas)

    def show_view(self, view: Optional[CapturedView]) -> None:
        """Show the extent of a picture; None hides the outline."""
        self._view = view
        self._draw()

    def _draw(self) -> None:
        if self._view is None or not self._is_wanted:
            self.band.hide()
            return
        extent = extent_of(self._view)
        self.band.setToGeometry(QgsGeometry.fromRect(extent), extent.crs())
        self.band.show()

    def _clear(self) -> None:
        self.band.reset(Qgis.GeometryType.Polygon)
        self._canvas.scene().removeItem(self.band)
