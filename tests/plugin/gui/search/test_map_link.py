"""Zooming to results, and letting go of them."""

from __future__ import annotations

from qgis.core import QgsRasterLayer
from qgis.PyQt.QtCore import QItemSelectionModel

from rsgpt_plugin.gui.search.search_dock import SearchDock

from .test_search_dock import dock, outlines, project, raster, search, searching, tiles

__all__ = ["dock", "project", "raster", "searching", "tiles"]


def test_several_results_are_outlined_and_zoomed_to(dock: SearchDock, tiles: QgsRasterLayer) -> None:
    search(dock, "0")
    selection, flags = dock.view.selectionModel(), QItemSelectionModel.SelectionFlag
    selection.select(dock.model.index(0), flags.Select)
    selection.select(dock.model.index(2), flags.Select)
    assert [match.rank for match in dock.link.selected()] == [1, 3]
    dock.link.zoom()
    (box,) = outlines(dock)
    assert dock._canvas.extent().contains(box)
    dock.link.clear()
    assert outlines(dock) == []
    assert dock.link.selected_feature() is None
