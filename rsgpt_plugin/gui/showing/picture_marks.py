"""Draws points, boxes, and regions on a picture."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtCore import QPointF, QRect, QRectF, Qt
from qgis.PyQt.QtGui import QColor, QPainter, QPen

from ...services.showing.where import Located, boxes_of
from ..map_outlines import CASING, LINE

_INSIDE = QColor(0, 103, 177, 140)
_RADIUS = 4.0


def draw_marks(painter: QPainter, located: Optional[Located], target: QRect) -> None:
    """Draw what is shown over its picture, which fills `target`."""
    if located is None or not (located.shown.width and located.shown.height):
        return
    shown = located.shown
    across, down = target.width() / shown.width, target.height() / shown.height

    def placed(x: float, y: float) -> QPointF:
        return QPointF(target.left() + x * across, target.top() + y * down)

    painter.setRenderHint(QPainter.RenderHint.Antialiasing)  # a cell may be smaller than a pixel
    for pen in (QPen(CASING, 3.5), QPen(LINE, 1.5)) if shown.points else (QPen(Qt.PenStyle.NoPen),):
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush if shown.points else _INSIDE)
        if shown.boxed or not shown.points:
            for x, y, wide, high in boxes_of(shown):
                painter.drawRect(QRectF(placed(x, y), placed(x + wide, y + high)))
        else:
            for point in shown.points:
                painter.drawEllipse(placed(point.x, point.y), _RADIUS, _RADIUS)
