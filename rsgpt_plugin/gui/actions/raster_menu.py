"""The plugin's submenu in QGIS's Raster menu: its name, its icon, and its removal."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QMenu

from ...icons import plugin_icon

MENU = "RSGPT"


class SubmenuPart:
    """The first part of the plugin, so that it is unregistered last."""

    def __init__(self, iface: Any) -> None:
        self._iface = iface

    def register(self) -> None:
        """Give the submenu its icon once QGIS has created it, which it does with the first entry."""
        QTimer.singleShot(0, self._set_icon)

    def _set_icon(self) -> None:
        for menu in self._menus():
            menu.setIcon(plugin_icon())

    def unregister(self) -> None:
        """Delete the submenu: QGIS 3.40 removes it from the Raster menu with its last entry, but keeps the object."""
        for menu in self._menus():
            if menu.isEmpty():
                menu.deleteLater()

    def _menus(self) -> list[QMenu]:
        return [menu for menu in self._iface.mainWindow().findChildren(QMenu) if menu.title() == MENU]
