"""The box in which users choose what is searched."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsRasterLayer
from qgis.gui import QgsMapLayerComboBox

from ...services.searching.search_target import SearchTarget


class SourceBox(QgsMapLayerComboBox):
    """A raster, a results layer, or a folder of rasters; `layerChanged` is emitted for each."""

    @property
    def folder(self) -> str:
        """The chosen folder, "" if a layer is chosen."""
        return self.currentText() if self.currentLayer() is None else ""

    @property
    def has_tiles(self) -> bool:
        """Whether tiles are searched, not rows."""
        return bool(self.folder) or isinstance(self.currentLayer(), QgsRasterLayer)

    def show_folder(self, folder: str) -> None:
        """Choose a folder in place of the former one."""
        self.setAdditionalItems([folder])
        self.setCurrentIndex(self.count() - 1)  # QGIS lists layers first

    def target(self, size: int) -> Optional[SearchTarget]:
        """Return what is chosen. size: side of a tile in pixels."""
        layer = self.currentLayer()
        if layer is not None:
            return SearchTarget(layer.id(), size)
        return SearchTarget("", size, self.folder) if self.folder else None
