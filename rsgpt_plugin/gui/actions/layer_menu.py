"""The plugin's entries in the layer tree's context menu: they open an algorithm dialog with the layer filled in."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QObject
from qgis.PyQt.QtWidgets import QMenu

from ...icons import plugin_icon
from ...services.asking.feature_selection import raster_below
from ..message_bar import MessageBar
from ..processing_dialogs import open_algorithm
from .find_actions import FIND


class LayerMenu(QObject):
    """Adds the entries for the current layer each time the menu opens."""

    def __init__(self, iface: Any) -> None:
        super().__init__()
        self._tree = iface.layerTreeView()
        self._messages = MessageBar(iface.messageBar())

    def register(self) -> None:
        """Connect to the layer tree's context menu."""
        self._tree.contextMenuAboutToShow.connect(self._fill)

    def unregister(self) -> None:
        """Disconnect from the layer tree's context menu."""
        self._tree.contextMenuAboutToShow.disconnect(self._fill)

    def _fill(self, menu: QMenu) -> None:
        layer = self._tree.currentLayer()
        if isinstance(layer, QgsRasterLayer) and layer.isValid():
            menu.addSeparator()
            self._add(menu, self.tr("Describe raster…"), "rsgpt:describeraster", {"INPUT": layer.id()})
            self._add(menu, self.tr("Find objects…"), FIND, {"INPUT": layer.id()}, "find")
        elif isinstance(layer, QgsVectorLayer) and layer.isValid() and layer.isSpatial():
            menu.addSeparator()
            raster = raster_below(layer, QgsProject.instance())
            below = {"INPUT": raster.id()} if raster is not None else {}
            parameters = {"FEATURES": layer.id(), **below}
            self._add(menu, self.tr("Describe features…"), "rsgpt:describefeatures", parameters)

    def _add(self, menu: QMenu, text: str, algorithm: str, parameters: dict[str, str], icon: str = "rsgpt") -> None:
        action = menu.addAction(plugin_icon(icon), text)
        action.triggered.connect(lambda checked: open_algorithm(algorithm, parameters, self._messages))
