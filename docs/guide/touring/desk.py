"""Access to QGIS's window for the tour. Buttons and menus are found by the plugin's texts, in any language."""

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

from .hands import RIGHT, click, click_item, dialog, drag, item, pick, popup
from .pictures import Pictures
from .steps import Found, Steps, pause, until

translated: Callable[..., str] = QCoreApplication.translate
ANSWER_S = 900.0  # the model shares the machine with other processes
AIRPLANES = (0.79, 0.03), (0.945, 0.26)  # the scene with airplanes on the whole map
_MENU = "mRasterMenu"


class Desk:
    """The window, the canvas and the pictures that all stops share."""

    def __init__(self, iface: Any, pictures: Pictures) -> None:
        self.iface = iface
        self.window = iface.mainWindow()
        self.canvas = iface.mapCanvas()
        self.pictures = pictures

    def entry(self, context: str, text: str) -> tuple[str, str, str]:
        """Return the path through the menu bar to an entry of the plugin."""
        return _MENU, "RSGPT", translated(context, text)

    def press_button(self, context: str, text: str) -> Steps:
        """Click a button of the plugin in the toolbar, which shows those that do not fit after a click on its end."""
        button = self.tool(translated(context, text))
        if not button.isVisible():
            yield from click(button.parent().findChild(QToolButton, "qt_toolbar_ext_button"))
            yield pause(0.5)
        yield from click(button)

    def open_from_raster(self, text: str, picture: str = "") -> Found:
        """Open an algorithm from the context menu of the raster layer; return its dialog. picture: of the menu."""
        tree, name = self.iface.layerTreeView(), self.raster().name()
        yield from click_item(tree, item(tree, name))
        yield from click_item(tree, item(tree, name), RIGHT)
        menu = yield from popup()
        if picture:
            self.pictures.screen(picture)
        yield from pick(menu, translated("LayerMenu", text))
        return (yield from dialog("AlgorithmDialog"))

    def zoom_to(self, start: tuple[float, float], end: tuple[float, float]) -> Steps:
        """Zoom to a part of all layers with QGIS's tools. start, end: as fractions of the canvas that shows all."""
        yield from self.close_messages()  # they cover the top of the map
        yield from click(self.tool_named("mActionZoomFullExtent"))
        yield until(lambda: not self.canvas.isDrawing(), "the map", 60)
        yield from click(self.tool_named("mActionZoomIn"))
        yield from drag(self.canvas.viewport(), self.on_map(*start), self.on_map(*end))
        yield from click(self.tool_named("mActionPan"))
        yield until(lambda: not self.canvas.isDrawing(), "the map", 60)

    def close_messages(self) -> Steps:
        """Click the close button of the message bar until it is empty."""
        bar = self.iface.messageBar()
        for _ in self.messages():
            cross = bar.findChild(QToolButton, "", Qt.FindChildOption.FindDirectChildrenOnly)
            yield from click(cross, QPoint(12, cross.height() // 2))

    def press_message_button(self, text: str) -> Steps:
        """Click a button in the message bar."""
        buttons = self.iface.messageBar().findChildren(QPushButton)
        yield from click(next(button for button in buttons if button.isVisible() and button.text() == text))

    def tool(self, text: str) -> QWidget:
        """Return the toolbar button with a text. Raises LookupError if there is none."""
        for bar in self.window.findChildren(QToolBar):
            for action in bar.actions():
                if action.text().replace("&", "") == text and bar.widgetForAction(action) is not None:
                    return bar.widgetForAction(action)
        raise LookupError(f"no button “{text}” in the toolbars")

    def tool_named(self, name: str) -> QWidget:
        """Return QGIS's toolbar button whose default action has an object name. Raises LookupError if there is none."""
        for button in self.window.findChildren(QToolButton):
            action = button.defaultAction()
            if action is not None and action.objectName() == name and isinstance(button.parent(), QToolBar):
                return button
        raise LookupError(f"no button {name} in the toolbars")

    def dock(self, name: str) -> Any:
        """Return a dock by its object name."""
        return self.window.findChild(QDockWidget, name)

    def on_map(self, across: float, down: float) -> QPoint:
        """Return a point of the canvas in pixels. across, down: as fractions of its size."""
        view = self.canvas.viewport()
        return QPoint(round(across * view.width()), round(down * view.height()))

    def raster(self) -> QgsRasterLayer:
        """Return the raster layer of the tour."""
        return next(layer for layer in QgsProject.instance().mapLayers().values() if isinstance(layer, QgsRasterLayer))

    def tiles(self) -> list[QgsVectorLayer]:
        """Return the results layer of the run with two questions; empty if there is none yet."""
        return [layer for layer in self.results() if layer.fields().indexOf("scene") >= 0]

    def results(self) -> list[QgsVectorLayer]:
        """Return the results layers."""
        layers = QgsProject.instance().mapLayers().values()
        return [layer for layer in layers if isinstance(layer, QgsVectorLayer) and layer.fields().indexOf("model") >= 0]

    def found(self) -> list[QgsVectorLayer]:
        """Return the layers of found objects."""
        return [layer for layer in self.results() if layer.fields().indexOf("search_window") >= 0]

    def identified(self, text: str) -> list[tuple[QTreeWidget, QTreeWidgetItem]]:
        """Return QGIS's identify results and the items with a text in them; empty while there are none."""
        flags = Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive
        trees = [tree for tree in self.window.findChildren(QTreeWidget) if tree.isVisible()]
        return [(tree, item) for tree in trees for column in (0, 1) for item in tree.findItems(text, flags, column)]

    def clicks(self) -> int:
        """Return the number of answers in the layer of clicks."""
        return sum(layer.featureCount() for layer in self.results() if layer.fields().indexOf("question") >= 0)

    def messages(self) -> list[str]:
        """Return the texts in the message bar."""
        return [item.text() for item in self.iface.messageBar().items()]


def modal() -> Any:
    """Return the active modal dialog, None if there is none."""
    widget = QApplication.activeModalWidget()
    return widget if isinstance(widget, QDialog) else None
