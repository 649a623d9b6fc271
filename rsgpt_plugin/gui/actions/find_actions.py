"""“Find objects” in the toolbar, in the Raster menu, and in the map's context menu."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsRasterLayer, QgsReferencedRectangle
from qgis.gui import QgsMapMouseEvent
from qgis.PyQt.QtCore import QObject
from qgis.PyQt.QtWidgets import QAction, QMenu

from ...icons import plugin_icon
from ..message_bar import MessageBar
from ..processing_dialogs import open_algorithm
from .raster_menu import MENU

FIND = "rsgpt:findobjects"


class FindActions(QObject):
    """The part of the plugin that opens the dialog of the algorithm for the raster that the user sees."""

    def __init__(self, iface: Any) -> None:
        super().__init__()
        self._iface = iface
        self._canvas = iface.mapCanvas()
        self._messages = MessageBar(iface.messageBar())
        self.find = QAction(plugin_icon("find"), self.tr("Find objects…"), self)
        self.find.triggered.connect(lambda checked: self._open(self._active_or_shown()))

    def register(self) -> None:
        """Add the button and the menu entries."""
        self._iface.addToolBarIcon(self.find)
        self._iface.addPluginToRasterMenu(MENU, self.find)
        self._canvas.contextMenuAboutToShow.connect(self._fill)

    def unregister(self) -> None:
        """Remove the button and the menu entries."""
        self._canvas.contextMenuAboutToShow.disconnect(self._fill)
        self._iface.removePluginRasterMenu(MENU, self.find)
        self._iface.removeToolBarIcon(self.find)

    def _fill(self, menu: QMenu, event: QgsMapMouseEvent) -> None:
        raster = self._shown()
        if raster is not None:
            menu.addSeparator()
            action = menu.addAction(plugin_icon("find"), self.tr("Find objects in this view…"))
            area = QgsReferencedRectangle(self._canvas.extent(), self._canvas.mapSettings().destinationCrs())
            action.triggered.connect(lambda checked: self._open(raster, EXTENT=area))

    def _shown(self) -> QgsRasterLayer | None:
        """Return the topmost raster on the map."""
        rasters = (layer for layer in self._canvas.layers() if isinstance(layer, QgsRasterLayer) and layer.isValid())
        return next(rasters, None)

    def _active_or_shown(self) -> QgsRasterLayer | None:
        layer = self._iface.activeLayer()
        return layer if isinstance(layer, QgsRasterLayer) and layer.isValid() else self._shown()

    def _open(self, raster: QgsRasterLayer | None, **parameters: Any) -> None:
        given = {"INPUT": raster.id()} if raster is not None else {}
        open_algorithm(FIND, {**given, **parameters}, self._messages)
