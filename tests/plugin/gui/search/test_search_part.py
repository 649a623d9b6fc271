"""The menu entry opens the dock with the active layer, and the search box has the focus."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QEvent, Qt
from qgis.PyQt.QtWidgets import QAction

from rsgpt_plugin.gui.dock.conversation_dock import RsgptDock
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


def test_the_topmost_raster_is_chosen_if_the_active_layer_cannot_be_searched(qgis_app: Any, raster: Any) -> None:
    window = PartWindow()
    top = raster(numbered(1, 1))
    QgsProject.instance().addMapLayer(top.clone())
    window.canvas.setLayers([top])
    window.active = QgsProject.instance().addMapLayer(QgsVectorLayer("Point", "points", "memory"))
    part = SearchPart(window)
    part.register()
    part.action.trigger()
    assert part.dock is not None
    assert part.dock.layers.currentLayer() is top
    part.unregister()


def test_the_dock_is_a_tab_of_the_panel(qgis_app: Any) -> None:
    window = PartWindow()
    panel = RsgptDock(window)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, panel)
    window.window.show()
    part = SearchPart(window)
    part.register()
    part.action.trigger()
    assert part.dock is not None
    assert window.window.tabifiedDockWidgets(panel) == [part.dock]
    assert not part.dock.visibleRegion().isEmpty()
    part.unregister()
    panel.close_down()
