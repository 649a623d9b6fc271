"""The plugin's entry in the layer tree's context menu: opens an algorithm dialog with the layer filled in."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QObject
from qgis.PyQt.QtWidgets import QMenu

from ...icons import plugin_icon
from ...services.asking.feature_selection import raster_below
from ..message_bar import MessageBar
from ..processing_dialogs import open_algorithm


class LayerMenu(QObject):
    """Adds an entry for the current layer each time the menu opens."""

    def __init__(self, iface: Any) -> None:
        super().__init__()
        self._tree = iface.layerTreeView()
        self._messages = MessageBar(iface.messageBar())
        self._icon = plugin_icon()

    def register(self) -> None:
        """Connect to the layer tree's context menu."""
        self._tree.contextMenuAboutToShow.connect(self._fill)

    def unregister(self) -> None:
        """Disconnect from the layer tree's context menu."""
        self._tree.contextMenuAboutToShow.disconnect(self._fill)

    def _fill(self, menu: QMenu) -> None:
        layer = self._tree.currentLayer()
        if isinstance(layer, QgsRasterLayer) and layer.isValid():
            self._add(menu, self.tr("Describe raster…"), "rsgpt:describeraster", {"INPUT": layer.id()})
        elif isinstance(layer, QgsVectorLayer) and layer.isValid() and layer.isSpatial():
            raster = raster_below(layer, QgsProject.instance())
            below = {"INPUT": raster.id()} if raster is not None else {}
            parameters = {"FEATURES": layer.id(), **below}
            self._add(menu, self.tr("Describe features…"), "rsgpt:describefeatures", parameters)

    def _add(self, menu: QMenu, text: str, algorithm: str, parameters: dict[str, str]) -> None:
        menu.addSeparator()
        action = menu.addAction(self._icon, text)
        action.triggered.connect(lambda checked: self._open(algorithm, parameters))

    def _open(self, algorithm: str, parameters: dict[str, str]) -> None:
        open_algorithm(algorithm, parameters, self._messages)
