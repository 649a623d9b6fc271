"""The marks of what is shown on the map."""

from __future__ import annotations

from typing import Optional

from qgis.gui import QgsMapCanvas

from ...services.showing.where import Located
from ..map_outlines import MapDrawing, MapOutline


class MapMarks(MapDrawing):
    """Nothing until `show`; `remove` before the canvas is deleted."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._located: Optional[Located] = None
        self.outline = MapOutline(canvas)

    def show(self, located: Optional[Located]) -> None:
        """Replace the marks; None removes them."""
        self._located = located
        self._draw()

    def _draw(self) -> None:
        geometry = self._located.on_map() if self._located is not None and self._is_wanted else None
        frame = self._located.subject.frame if self._located is not None else None
        if geometry is None or frame is None:
            self.outline.clear()
        else:
            self.outline.show(geometry, frame.crs)

    def _clear(self) -> None:
        self.outline.clear()
