"""The search in QGIS's window: its action and its dock."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtCore import QObject, Qt
from qgis.PyQt.QtGui import QKeySequence
from qgis.PyQt.QtWidgets import QAction

from ..actions.raster_menu import MENU
from ..dock.conversation_dock import RsgptDock
from .search_dock import SearchDock


class SearchPart(QObject):
    """The part of the plugin for searches. The dock is created when it is first opened."""

    def __init__(self, iface: Any) -> None:
        super().__init__()
        self._iface = iface
        self.dock: Optional[SearchDock] = None
        self.action = QAction(QgsApplication.getThemeIcon("/search.svg"), self.tr("Search…"), self)
        self.action.setToolTip(self.tr("Search a raster or a results layer by words or by an example"))
        self.action.setShortcut(QKeySequence("Ctrl+Alt+F"))

    def register(self) -> None:
        """Add the menu entry and the toolbar button."""
        self._iface.addPluginToRasterMenu(MENU, self.action)
        self._iface.addToolBarIcon(self.action)
        self.action.triggered.connect(self._open)

    def unregister(self) -> None:
        """Remove the menu entry, the button and the dock, and stop the search."""
        self.action.triggered.disconnect(self._open)
        self._iface.removeToolBarIcon(self.action)
        self._iface.removePluginRasterMenu(MENU, self.action)
        dock, self.dock = self.dock, None
        if dock is not None:
            dock.close_down()
            self._iface.removeDockWidget(dock)
            dock.deleteLater()

    def _open(self, *triggered: Any) -> None:
        if self.dock is None:
            self.dock = SearchDock(self._iface, QgsProject.instance())
            self._add(self.dock)
            self.dock.choose_layer(self._iface.activeLayer())
        self.dock.focus_words()

    def _add(self, dock: SearchDock) -> None:
        """Add the dock as a tab of the panel: above each other, the two are higher than a small screen."""
        window, area = self._iface.mainWindow(), Qt.DockWidgetArea.RightDockWidgetArea
        self._iface.addDockWidget(area, dock)
        panel = window.findChild(RsgptDock)
        if panel is not None and not panel.isFloating() and window.dockWidgetArea(panel) == area:
            window.tabifyDockWidget(panel, dock)
