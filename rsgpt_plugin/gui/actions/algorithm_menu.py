"""The menu entries that open the dialogs of the algorithms, and the guide."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QObject, QUrl
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import QAction

from ..message_bar import MessageBar
from ..processing_dialogs import open_algorithm
from .raster_menu import MENU

GUIDE = "https://github.com/rsgpt-for-qgis/rsgpt/blob/main/docs/guide/README.md"


class AlgorithmMenu(QObject):
    """The part of the plugin with an entry per algorithm that starts from a layer."""

    def __init__(self, iface: Any) -> None:
        super().__init__()
        self._iface = iface
        messages = MessageBar(iface.messageBar())
        self._actions: list[QAction] = []
        for text, icon, algorithm in (
            (self.tr("Describe raster…"), "mIconRaster.svg", "rsgpt:describeraster"),
            (self.tr("Describe features…"), "mIconPolygonLayer.svg", "rsgpt:describefeatures"),
        ):
            action = QAction(QgsApplication.getThemeIcon(icon), text, self)
            action.triggered.connect(lambda checked, name=algorithm: open_algorithm(name, {}, messages))
            self._actions.append(action)

    def register(self) -> None:
        """Add the entries."""
        for action in self._actions:
            self._iface.addPluginToRasterMenu(MENU, action)

    def unregister(self) -> None:
        """Remove the entries."""
        for action in self._actions:
            self._iface.removePluginRasterMenu(MENU, action)


class GuideEntry(QObject):
    """The part of the plugin that opens the guide in the browser."""

    def __init__(self, iface: Any) -> None:
        super().__init__()
        self._iface = iface
        self.action = QAction(QgsApplication.getThemeIcon("mActionHelpContents.svg"), self.tr("Guide"), self)
        self.action.triggered.connect(lambda checked: QDesktopServices.openUrl(QUrl(GUIDE)))

    def register(self) -> None:
        """Add the entry."""
        self._iface.addPluginToRasterMenu(MENU, self.action)

    def unregister(self) -> None:
        """Remove the entry."""
        self._iface.removePluginRasterMenu(MENU, self.action)
