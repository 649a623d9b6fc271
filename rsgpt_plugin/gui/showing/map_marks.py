"""The marks of what is shown on the map."""

from __future__ import annotations

from typing import Optional

from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QObject

from ...services.showing.where import Located
from ..map_outlines import MapOutline


class MapMarks(QObject):
    """Nothing until `show`; `remove` before the canvas is deleted."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__()
        self._canvas = canvas
        self._located: Optional[Located] = None
        self._is_wanted = True
        self.outline = MapOutline(canvas)
        canvas.destinationCrsChanged.connect(self._draw)

    def show(self, located: Optional[Located]) -> None:
        """Replace the marks; None removes them."""
        self._located = located
        self._draw()

    def set_wanted(self, is_wanted: bool) -> None:
        """Set whether the marks may be visible."""
        self._is_wanted = is_wanted
        self._draw()

    def remove(self) -> None:
        """Remove the marks and disconnect from the canvas."""
        self._canvas.destinationCrsChanged.disconnect(self._draw)
        self.outline.clear()

    def _draw(self) -> None:
        geometry = self._located.on_map() if self._located is not None and self._is_wanted else None
        frame = self._located.subject.frame if self._located is not None else None
        if geometry is None or frame is None:
            self.outline.clear()
        else:
            self.outline.show(geometry, frame.crs)
