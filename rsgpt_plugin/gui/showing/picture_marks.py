"""Draws points, boxes, and regions on a picture."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtCore import QPointF, QRect, QRectF, Qt
from qgis.PyQt.QtGui import QColor, QPainter, QPen

from ...services.showing.where import Located, boxes_of

_LINE = QColor(255, 221, 51)
_CASING = QColor(0, 0, 0, 160)
_INSIDE = QColor(255, 221, 51, 90)
_RADIUS = 4.0


def draw_marks(painter: QPainter, located: Optional[Located], target: QRect) -> None:
    """Draw what is shown over its picture, which fills `target`."""
    if located is None or not (located.shown.width and located.shown.height):
        return
    shown = located.shown
    across, down = target.width() / shown.width, target.height() / shown.height

    def placed(x: float, y: float) -> QPointF:
        return QPointF(target.left() + x * across, target.top() + y * down)

    painter.setRenderHint(QPainter.RenderHint.Antialiasing, bool(shown.points))
    for pen in (QPen(_CASING, 3), QPen(_LINE, 1.5)) if shown.points else (QPen(Qt.PenStyle.NoPen),):
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush if shown.points else _INSIDE)
        if shown.boxed or not shown.points:
            for x, y, wide, high in boxes_of(shown):
                painter.drawRect(QRectF(placed(x, y), placed(x + wide, y + high)))
        else:
            for point in shown.points:
                painter.drawEllipse(placed(point.x, point.y), _RADIUS, _RADIUS)
