"""The plugin's submenu in QGIS's Raster menu: its name and its removal."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtWidgets import QMenu

MENU = "RSGPT"


class SubmenuPart:
    """The first part of the plugin, so that it is unregistered last."""

    def __init__(self, iface: Any) -> None:
        self._iface = iface

    def register(self) -> None:
        """Do nothing: QGIS creates the submenu with its first entry."""

    def unregister(self) -> None:
        """Delete the submenu: QGIS 3.40 removes it from the Raster menu with its last entry, but keeps the object."""
        for menu in self._iface.mainWindow().findChildren(QMenu):
            if menu.title() == MENU and menu.isEmpty():
                menu.deleteLater()
