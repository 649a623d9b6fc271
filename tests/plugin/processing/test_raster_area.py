"""The extent and the mask of a run, in the CRS of the raster."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from qgis.core import QgsProcessingContext, QgsProject, QgsRasterLayer, QgsRectangle, QgsVectorLayer

from rsgpt_plugin.errors import ImageryError
from rsgpt_plugin.geo.imagery.layer_snapshot import take_snapshot
from rsgpt_plugin.geo.imagery.tile_geometry import QgisGrid
from rsgpt_plugin.processing.finding.findobjects import FindObjects
from rsgpt_plugin.processing.parameter_kinds import GivenValues
from rsgpt_plugin.processing.parameters import OBJECT_MASK
from rsgpt_plugin.processing.raster_area import RasterArea, read_area
from tests.plugin.rasters import NORTH_UP, pattern

pytestmark = pytest.mark.usefixtures("provider")


@pytest.fixture
def context() -> QgsProcessingContext:
    """The context, which the source of the mask uses until it is deleted."""
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    return context


def area_of(context: QgsProcessingContext, layer: QgsRasterLayer, **parameters: object) -> RasterArea:
    algorithm = FindObjects()
    algorithm.initAlgorithm()
    snapshot = take_snapshot(layer, context.transformContext())
    return read_area(GivenValues(algorithm, parameters, context), OBJECT_MASK, snapshot)


def test_without_values_it_is_the_whole_raster(
    raster: Callable[..., QgsRasterLayer], context: QgsProcessingContext
) -> None:
    layer = raster(pattern(3, 64, 96))
    area = area_of(context, layer)
    assert area.is_whole
    assert area.on_layer().boundingBox() == layer.extent()


def test_an_extent_is_clipped_and_an_empty_mask_is_refused(
    raster: Callable[..., QgsRasterLayer], context: QgsProcessingContext
) -> None:
    layer = raster(pattern(3, 64, 96))
    mask = QgsProject.instance().addMapLayer(QgsVectorLayer("Polygon?crs=EPSG:32611", "mask", "memory"))
    area = area_of(context, layer, EXTENT="500010,600000,3999980,4100000 [EPSG:32611]", MASK=mask)
    assert not area.is_whole
    assert area.on_layer().boundingBox() == QgsRectangle(500010, 3999980, 500048, 4000000)
    with pytest.raises(ImageryError, match="no polygon"):
        area.masked(area.on_layer(), QgisGrid(NORTH_UP, 96, 64), 32)
