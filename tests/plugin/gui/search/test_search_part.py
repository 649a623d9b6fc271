"""The menu entry opens the dock with the active layer, and the search box has the focus."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QCoreApplication, QEvent
from qgis.PyQt.QtWidgets import QAction

from rsgpt_plugin.gui.search.search_dock import SearchDock
from rsgpt_plugin.gui.search.search_part import SearchPart
from tests.plugin.processing import conftest as scripted
from tests.plugin.processing.conftest import numbered

from .test_search_dock import CanvasWindow

project, raster = scripted.project, scripted.raster


class PartWindow(CanvasWindow):
    """Also menus, toolbars, and docks."""

    def __init__(self) -> None:
        super().__init__()
        self.actions: list[QAction] = []
        self.active: Any = None

    def addPluginToRasterMenu(self, menu: str, action: QAction) -> None:
        self.actions.append(action)

    def removePluginRasterMenu(self, menu: str, action: QAction) -> None:
        self.actions.remove(action)

    def addToolBarIcon(self, action: QAction) -> None:
        self.actions.append(action)

    def removeToolBarIcon(self, action: QAction) -> None:
        self.actions.remove(action)

    def addDockWidget(self, area: Any, dock: Any) -> None:
        self.window.addDockWidget(area, dock)

    def removeDockWidget(self, dock: Any) -> None:
        self.window.removeDockWidget(dock)

    def activeLayer(self) -> Any:
        return self.active


def test_the_dock_opens_with_the_active_layer(qgis_app: Any, raster: Any) -> None:
    window = PartWindow()
    window.active = raster(numbered(1, 1))
    part = SearchPart(window)
    part.register()
    assert len(window.actions) == 2
    window.window.show()
    part.action.trigger()
    assert part.dock is not None
    assert part.dock.layers.currentLayer() is window.active
    assert part.dock.isVisible()
    assert window.window.focusWidget() is part.dock.words
    part.unregister()
    assert window.actions == []
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert window.window.findChild(SearchDock) is None
