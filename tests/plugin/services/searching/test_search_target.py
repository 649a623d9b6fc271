"""What can be searched."""

from __future__ import annotations

from typing import Any

import pytest
from qgis.core import QgsProject, QgsVectorLayer

from rsgpt_plugin.errors import ImageryError
from rsgpt_plugin.services.searching.search_target import SearchTarget, access, is_searchable
from tests.plugin.processing import conftest as scripted
from tests.plugin.processing.conftest import numbered
from tests.plugin.results import results_layer

project, raster = scripted.project, scripted.raster


def test_rasters_and_results_are_searchable(raster: Any) -> None:
    other = QgsProject.instance().addMapLayer(QgsVectorLayer("Polygon?crs=EPSG:32611", "other", "memory"))
    ortho, answers = raster(numbered(1, 1)), results_layer(["a"])
    assert [is_searchable(layer) for layer in (ortho, answers, other)] == [True, True, False]
    assert access(SearchTarget(answers.id()), QgsProject.instance()).columns is not None
    with pytest.raises(ImageryError):
        access(SearchTarget(other.id()), QgsProject.instance())
