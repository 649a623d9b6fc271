"""Adds the dock, its toolbar button and its menu entry to QGIS's window, and removes them."""

from __future__ import annotations

from typing import Any, Optional

from qgis.PyQt.QtCore import QObject, Qt
from qgis.PyQt.QtWidgets import QAction

from ...icons import plugin_icon
from ...services.asking.place import Place
from ..actions.raster_menu import MENU
from .conversation_dock import RsgptDock


class DockPart(QObject):
    """The part of the plugin for the dock. QGIS restores the dock's position and visibility at start."""

    def __init__(self, iface: Any) -> None:
        super().__init__()
        self._iface = iface
        self.dock: Optional[RsgptDock] = None
        self.action = QAction(plugin_icon("panel"), self.tr("RSGPT panel"), self)
        self.action.setToolTip(self.tr("Ask about an area in the RSGPT panel"))
        self.action.setCheckable(True)

    def register(self) -> None:
        """Add the dock, the button and the menu entry."""
        self.dock = RsgptDock(self._iface)
        self._iface.addToolBarIcon(self.action)
        self._iface.addPluginToRasterMenu(MENU, self.action)
        if not self._iface.mainWindow().restoreDockWidget(self.dock):
            self._iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)
            self.dock.hide()
        self.dock.setToggleVisibilityAction(self.action)

    def unregister(self) -> None:
        """Remove the dock, the button and the menu entry, and stop the request in progress."""
        dock, self.dock = self.dock, None
        if dock is not None:
            dock.close_down()
            self._iface.removeDockWidget(dock)
            dock.deleteLater()
        self._iface.removePluginRasterMenu(MENU, self.action)
        self._iface.removeToolBarIcon(self.action)

    def ask_about(self, place: Place) -> None:
        """Show the dock and start a conversation about a place."""
        if self.dock is not None:
            self.dock.ask_about(place)
