"""The plugin's submenu of QGIS's Raster menu, as far as QGIS leaves it to us. Holds no entry."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtWidgets import QMenu

MENU = "RSGPT"


class SubmenuPart:
    """The first of the parts: what is left when all others have gone."""

    def __init__(self, iface: Any) -> None:
        self._iface = iface

    def register(self) -> None:
        """QGIS makes the submenu with its first entry."""

    def unregister(self) -> None:
        """Delete it: QGIS takes it out of the Raster menu with its last entry, but keeps it (seen in 3.40)."""
        for menu in self._iface.mainWindow().findChildren(QMenu):
            if menu.title() == MENU and menu.isEmpty():
                menu.deleteLater()
