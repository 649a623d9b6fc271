"""Layers and folders to search."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProject

from rsgpt_plugin.gui.search.source_box import SourceBox
from rsgpt_plugin.services.searching.search_target import SearchTarget
from tests.plugin.processing import conftest as scripted
from tests.plugin.processing.conftest import numbered
from tests.plugin.results import results_layer

project, raster = scripted.project, scripted.raster


def test_a_raster_a_results_layer_and_a_folder(raster: Any, project: QgsProject) -> None:
    box = SourceBox()
    assert (box.target(32), box.has_tiles) == (None, False)
    ortho, answers = raster(numbered(1, 1)), results_layer(["a"])
    box.setLayer(ortho)
    assert (box.target(32), box.has_tiles) == (SearchTarget(ortho.id(), 32), True)
    box.setLayer(answers)
    assert (box.folder, box.has_tiles) == ("", False)
    box.show_folder("/rasters")
    assert (box.target(32), box.has_tiles) == (SearchTarget("", 32, "/rasters"), True)
    box.show_folder("/others")
    assert box.folder == "/others"
