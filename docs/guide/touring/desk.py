"""QGIS's window, in which the tour finds its way by the plugin's own texts, in any language. Clicks nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.core import QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QPoint, Qt
from qgis.PyQt.QtWidgets import (
    QApplication,
    QDialog,
    QDockWidget,
    QPushButton,
    QToolBar,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from .hands import click
from .pictures import Pictures
from .steps import Steps

said: Callable[..., str] = QCoreApplication.translate
ANSWER_S = 900.0  # the model shares the machine with whatever else runs there
_MENU = "mRasterMenu"


class Desk:
    """What all stops share."""

    def __init__(self, iface: Any, pictures: Pictures) -> None:
        self.iface = iface
        self.window = iface.mainWindow()
        self.canvas = iface.mapCanvas()
        self.pictures = pictures

    def entry(self, context: str, text: str) -> tuple[str, str, str]:
        """The way through the menu bar to an entry of the plugin's."""
        return _MENU, "RSGPT", said(context, text)

    def press_button(self, context: str, text: str) -> Steps:
        """Click a button of the plugin's in the toolbar."""
        yield from click(self.tool(said(context, text)))

    def close_messages(self) -> Steps:
        """Click the message bar's cross until it is empty."""
        bar = self.iface.messageBar()
        for _ in self.messages():
            cross = bar.findChild(QToolButton, "", Qt.FindChildOption.FindDirectChildrenOnly)
            yield from click(cross, QPoint(12, cross.height() // 2))

    def press_message_button(self, text: str) -> Steps:
        """Click a button in the message bar."""
        buttons = self.iface.messageBar().findChildren(QPushButton)
        yield from click(next(button for button in buttons if button.isVisible() and button.text() == text))

    def tool(self, text: str) -> QWidget:
        """The button of a toolbar whose action says that."""
        for bar in self.window.findChildren(QToolBar):
            for action in bar.actions():
                if action.text().replace("&", "") == text and bar.widgetForAction(action) is not None:
                    return bar.widgetForAction(action)
        raise LookupError(f"no button “{text}” in the toolbars")

    def tool_named(self, name: str) -> QWidget:
        """The button of a toolbar whose action, or chosen action of several, has that object name: QGIS's own."""
        for button in self.window.findChildren(QToolButton):
            action = button.defaultAction()
            if action is not None and action.objectName() == name and isinstance(button.parent(), QToolBar):
                return button
        raise LookupError(f"no button {name} in the toolbars")

    def dock(self, name: str) -> Any:
        """A dock by its object name."""
        return self.window.findChild(QDockWidget, name)

    def on_map(self, across: float, down: float) -> QPoint:
        """A point of the canvas, in shares of its size."""
        view = self.canvas.viewport()
        return QPoint(round(across * view.width()), round(down * view.height()))

    def raster(self) -> QgsRasterLayer:
        """The image of the tour."""
        return next(layer for layer in QgsProject.instance().mapLayers().values() if isinstance(layer, QgsRasterLayer))

    def tiles(self) -> list[QgsVectorLayer]:
        """The layer of the run with two questions; empty where there is none yet."""
        return [layer for layer in self.results() if layer.fields().indexOf("scene") >= 0]

    def results(self) -> list[QgsVectorLayer]:
        """The layers that hold answers."""
        layers = QgsProject.instance().mapLayers().values()
        return [layer for layer in layers if isinstance(layer, QgsVectorLayer) and layer.fields().indexOf("model") >= 0]

    def identified(self, text: str) -> list[tuple[QTreeWidget, QTreeWidgetItem]]:
        """The tree of what QGIS identified, and its item that says so; empty while there is none."""
        flags = Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive
        trees = [tree for tree in self.window.findChildren(QTreeWidget) if tree.isVisible()]
        return [(tree, found) for tree in trees for column in (0, 1) for found in tree.findItems(text, flags, column)]

    def clicks(self) -> int:
        """How many answers the layer of clicks holds."""
        return sum(layer.featureCount() for layer in self.results() if layer.fields().indexOf("question") >= 0)

    def messages(self) -> list[str]:
        """What the message bar says now."""
        return [item.text() for item in self.iface.messageBar().items()]


def modal() -> Any:
    """The dialog that holds everything else up; None where there is none."""
    found = QApplication.activeModalWidget()
    return found if isinstance(found, QDialog) else None
