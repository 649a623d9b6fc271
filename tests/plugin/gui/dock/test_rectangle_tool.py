"""The rectangle tool gives one rectangle, or none after Esc or another tool, and restores the previous tool."""

from __future__ import annotations

from typing import Optional

import pytest
from qgis.core import QgsRectangle
from qgis.gui import QgsMapCanvas, QgsMapTool, QgsMapToolPan
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtTest import QTest

from rsgpt_plugin.gui.dock.rectangle_tool import RectangleTool

LEFT, NO_KEY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


class DrawnRectangles:
    """A rectangle tool on a canvas, its signals, and the tool that was active at each rectangle."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        self.canvas = canvas
        self.tool = RectangleTool(canvas)
        self.drawn: list[QgsRectangle] = []
        self.tools: list[Optional[QgsMapTool]] = []
        self.ends = 0
        self.tool.drawn.connect(self._draw)
        self.tool.ended.connect(self._end)

    def _draw(self, rectangle: QgsRectangle) -> None:
        self.drawn.append(rectangle)
        self.tools.append(self.canvas.mapTool())

    def _end(self) -> None:
        self.ends += 1

    def drag(self, start: QPoint, end: QPoint) -> None:
        port = self.canvas.viewport()
        QTest.mousePress(port, LEFT, NO_KEY, start)
        QTest.mouseMove(port, end)
        QTest.mouseRelease(port, LEFT, NO_KEY, end)


@pytest.fixture
def drawing(canvas: QgsMapCanvas) -> DrawnRectangles:
    canvas.show()
    return DrawnRectangles(canvas)


@pytest.fixture
def pan(canvas: QgsMapCanvas) -> QgsMapToolPan:
    tool = QgsMapToolPan(canvas)
    canvas.setMapTool(tool)
    return tool


def test_a_dragged_rectangle_is_given_in_map_units(drawing: DrawnRectangles, pan: QgsMapToolPan) -> None:
    drawing.tool.start()
    assert drawing.canvas.mapTool() is drawing.tool
    drawing.drag(QPoint(100, 100), QPoint(200, 180))
    (rectangle,) = drawing.drawn
    pixel = drawing.canvas.mapUnitsPerPixel()
    assert rectangle.width() == pytest.approx(100 * pixel, abs=2 * pixel)
    assert rectangle.height() == pytest.approx(80 * pixel, abs=2 * pixel)
    corner = drawing.canvas.getCoordinateTransform().toMapCoordinates(100, 100)
    assert (rectangle.xMinimum(), rectangle.yMaximum()) == pytest.approx((corner.x(), corner.y()), abs=2 * pixel)


def test_the_previous_tool_is_active_again_before_the_rectangle_is_given(
    drawing: DrawnRectangles, pan: QgsMapToolPan
) -> None:
    drawing.tool.start()
    drawing.drag(QPoint(100, 100), QPoint(200, 180))
    assert drawing.tools == [pan]
    assert drawing.ends == 1
    drawing.drag(QPoint(100, 100), QPoint(200, 180))  # moves the map
    assert len(drawing.drawn) == 1


def test_escape_cancels_without_a_rectangle(drawing: DrawnRectangles, pan: QgsMapToolPan) -> None:
    drawing.tool.start()
    QTest.keyClick(drawing.canvas, Qt.Key.Key_A)
    assert drawing.canvas.mapTool() is drawing.tool
    QTest.keyClick(drawing.canvas, Qt.Key.Key_Escape)
    assert drawing.canvas.mapTool() is pan
    assert (drawing.drawn, drawing.ends) == ([], 1)


def test_another_tool_ends_the_drawing_and_is_kept(drawing: DrawnRectangles, pan: QgsMapToolPan) -> None:
    drawing.tool.start()
    other = QgsMapToolPan(drawing.canvas)
    drawing.canvas.setMapTool(other)
    assert (drawing.drawn, drawing.ends) == ([], 1)
    drawing.tool.cancel()
    assert drawing.canvas.mapTool() is other


def test_without_a_previous_tool_the_canvas_has_none_afterwards(drawing: DrawnRectangles) -> None:
    assert drawing.canvas.mapTool() is None
    drawing.tool.start()
    drawing.tool.cancel()
    assert drawing.canvas.mapTool() is None
    drawing.tool.cancel()
    assert drawing.ends == 1


def test_a_second_start_still_restores_the_first_tool(drawing: DrawnRectangles, pan: QgsMapToolPan) -> None:
    drawing.tool.start()
    drawing.tool.start()
    drawing.tool.cancel()
    assert drawing.canvas.mapTool() is pan


def test_the_tool_can_be_used_again(drawing: DrawnRectangles, pan: QgsMapToolPan) -> None:
    for _ in range(2):
        drawing.tool.start()
        drawing.drag(QPoint(100, 100), QPoint(200, 180))
    assert len(drawing.drawn) == 2
    assert drawing.drawn[0] == drawing.drawn[1]
    assert drawing.canvas.mapTool() is pan
