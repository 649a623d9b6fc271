"""A map tool that draws one rectangle and then restores the previous tool."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsRectangle
from qgis.gui import QgsMapCanvas, QgsMapTool, QgsMapToolExtent
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeyEvent


class RectangleTool(QgsMapToolExtent):
    """After `start`, `drawn` carries the rectangle in the map's CRS, unless Esc or another tool cancels it.

    ended: the tool is no longer active.
    """

    drawn = pyqtSignal(QgsRectangle)
    ended = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._previous_tool: Optional[QgsMapTool] = None
        self.extentChanged.connect(self._finish)

    def start(self) -> None:
        """Activate the tool."""
        canvas = self.canvas()
        if canvas.mapTool() is not self:
            self._previous_tool = canvas.mapTool()
            canvas.setMapTool(self)
        canvas.setFocus()

    def cancel(self) -> None:
        """Restore the previous tool if this one is active."""
        previous, self._previous_tool = self._previous_tool, None
        canvas = self.canvas()
        if canvas.mapTool() is not self:
            return
        if previous is not None:
            canvas.setMapTool(previous)
        else:
            canvas.unsetMapTool(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Cancel on Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self.cancel()
        else:
            super().keyPressEvent(event)

    def deactivate(self) -> None:
        """Remove the rubber band and emit `ended`."""
        self.clearRubberBand()
        super().deactivate()
        self.ended.emit()

    def _finish(self, rectangle: QgsRectangle) -> None:
        drawn = QgsRectangle(rectangle)
        self.cancel()
        self.drawn.emit(drawn)
