"""What a run will cost, below its questions, and its tiles on the map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from qgis.core import QgsGeometry, QgsPointXY
from qgis.gui import QgsRubberBand
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QTimer, pyqtSignal
from qgis.PyQt.QtGui import QHideEvent
from qgis.PyQt.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from ...services.runs.run_estimate import RunEstimate, TilePlan
from ...services.runs.trial_run import MOST_PLACES
from ..map_outlines import outline
from ..widgets import text_label

_TYPING_MS = 300
_MOST_LINES = 300  # more would only fill the map


class RunPreview(QWidget):
    """Shows the estimate a moment after `refresh`. Without a canvas, it does not offer to show the tiles.

    tried: the user wants to see the first answers.
    """

    tried = pyqtSignal()

    def __init__(
        self, estimate: Callable[[], Optional[RunEstimate]], canvas: Any = None, parent: Optional[QWidget] = None
    ) -> None:
        super().__init__(parent)
        self._estimate = estimate
        self._canvas = canvas
        self._band: Optional[QgsRubberBand] = None
        self._tiles: Optional[TilePlan] = None
        self._count = 0  # of places to try
        self.label = text_label()
        self.show_tiles = QToolButton()
        self.show_tiles.setText(self.tr("Show tiles on the map"))
        self.show_tiles.setCheckable(True)
        self.show_tiles.toggled.connect(lambda checked: self._draw())
        self.try_out = QToolButton()
        self.try_out.clicked.connect(lambda checked: self.tried.emit())
        buttons = QHBoxLayout()
        buttons.addWidget(self.try_out)
        buttons.addWidget(self.show_tiles)
        buttons.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.label)
        layout.addLayout(buttons)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_TYPING_MS)
        self._timer.timeout.connect(self._update)
        self._update_button()

    def refresh(self) -> None:
        """Show the estimate again once typing has paused."""
        self._timer.start()

    def clear(self) -> None:
        """Remove the tiles from the map."""
        band, self._band = self._band, None
        if band is not None and not sip.isdeleted(self._canvas):
            self._canvas.scene().removeItem(band)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        self.show_tiles.setChecked(False)  # a closed dialog leaves nothing on the map
        super().hideEvent(event)

    def _update(self) -> None:
        estimate = self._estimate()
        self._tiles = estimate.tiles if estimate is not None else None
        self.label.setText(estimate.text if estimate is not None else "")
        self._count = min(estimate.places, MOST_PLACES) if estimate is not None and not estimate.problem else 0
        self._update_button()
        self._draw()

    def _update_button(self) -> None:
        self.show_tiles.setVisible(self._canvas is not None and self._tiles is not None)
        self.try_out.setVisible(self._count > 0)
        text = self.tr("Try on %n tile(s)…", "", self._count)
        self.try_out.setText(text if self._tiles else self.tr("Try on %n feature(s)…", "", self._count))

    def _draw(self) -> None:
        self.clear()
        if self.show_tiles.isChecked() and self._tiles is not None and self._canvas is not None:
            self._band = outline(self._canvas)
            self._band.setToGeometry(tile_lines(self._tiles), self._tiles.crs)


def tile_lines(plan: TilePlan) -> QgsGeometry:
    """Return the outlines of all tiles as polygons; of a grid with too many lines, only its own outline."""
    frame, grid = plan.frame, plan.grid
    if grid.columns + grid.rows > _MOST_LINES:
        return frame.polygon(grid.region)
    across = [grid.window(column) for column in range(grid.columns)]
    down = [grid.window(row * grid.columns) for row in range(grid.rows)]
    top, bottom = grid.region.y, grid.region.y + grid.region.height
    left, right = grid.region.x, grid.region.x + grid.region.width
    strips = [(tile.x, top, tile.x + tile.width, bottom) for tile in across]
    strips += [(left, tile.y, right, tile.y + tile.height) for tile in down]
    rings = [
        [QgsPointXY(*frame.point(x, y)) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))]
        for x0, y0, x1, y1 in strips
    ]
    return QgsGeometry.fromMultiPolygonXY([[ring] for ring in rings])
