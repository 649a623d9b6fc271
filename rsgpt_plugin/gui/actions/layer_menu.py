"""The plugin's entry in the layer tree's context menu: opens an algorithm dialog with the layer filled in."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsMapLayer, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QObject
from qgis.PyQt.QtWidgets import QMenu

from ...icons import plugin_icon
from ..message_bar import MessageBar
from ..processing_dialogs import keep


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
            self._add(menu, self.tr("Describe raster…"), "rsgpt:describeraster", "INPUT", layer)
        elif isinstance(layer, QgsVectorLayer) and layer.isValid() and layer.isSpatial():
            self._add(menu, self.tr("Describe features…"), "rsgpt:describefeatures", "FEATURES", layer)

    def _add(self, menu: QMenu, text: str, algorithm: str, parameter: str, layer: QgsMapLayer) -> None:
        menu.addSeparator()
        action = menu.addAction(self._icon, text)
        action.triggered.connect(lambda checked: self._open(algorithm, {parameter: layer.id()}))

    def _open(self, algorithm: str, parameters: dict[str, str]) -> None:
        try:
            from processing import createAlgorithmDialog  # noqa: PLC0415 - a QGIS plugin that may be disabled
        except ImportError:
            self._messages.problem(self.tr("The Processing plugin is disabled. Enable it in the Plugin Manager."))
            return
        dialog = createAlgorithmDialog(algorithm, parameters)
        keep(dialog)  # without a reference, the Python part of the dialog is deleted, and Run has no effect
        dialog.show()
