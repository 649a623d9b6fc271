"""Objects as features: their geometry, their columns, and the windows and points in an area."""

from __future__ import annotations

import pytest
from qgis.core import QgsGeometry, QgsRectangle

from rsgpt_plugin.client.installed_models import ModelInfo
from rsgpt_plugin.errors import ImageryError
from rsgpt_plugin.geo.imagery.mask_polygons import PreparedArea
from rsgpt_plugin.geo.imagery.tile_geometry import QgisGrid
from rsgpt_plugin.processing.finding import object_layer
from rsgpt_plugin.processing.finding.object_layer import ObjectLayer, object_fields
from rsgpt_plugin.processing.finding.object_search import WantedObjects
from rsgpt_plugin.shared.objects.collecting import FoundObject, WindowOrigin
from rsgpt_plugin.shared.objects.found_points import FoundPoint
from rsgpt_plugin.shared.objects.search_grid import search_grid
from tests.plugin.rasters import NORTH_UP

FRAME = QgisGrid(NORTH_UP, 2000, 1500)
CAR = FoundPoint(100.0, 60.0, 0.8, (90.0, 50.0, 20.0, 20.0))


def layer_of(is_boxed: bool = False, area: QgsRectangle | None = None) -> ObjectLayer:
    prepared = PreparedArea(QgsGeometry.fromRect(area), FRAME) if area is not None else None
    wanted = WantedObjects(ModelInfo("rsgpt-small"), ("car",), is_boxed=is_boxed)
    return ObjectLayer(wanted, search_grid(FRAME, 640), FRAME, "/data/a.tif", prepared)


@pytest.mark.parametrize("is_boxed", [False, True])
def test_an_object_is_a_point_or_a_box(is_boxed: bool) -> None:
    layer = layer_of(is_boxed)
    found = FoundObject("car", 3, CAR, WindowOrigin("sha", 0.5, "2026-11-30T12:00:00+00:00"))
    feature = layer.feature(found, {"model": "rsgpt-small"})
    assert feature.geometry().wkbType() == layer.wkb_type == layer.sample().geometry().wkbType()
    center = feature.geometry().centroid().asPoint()
    assert (center.x(), center.y()) == (500050.0, 3999970.0)
    assert feature.geometry().area() == (100.0 if is_boxed else 0.0)
    values = dict(zip(object_fields().names(), feature.attributes()))
    assert (values["object"], values["confidence"], values["search_window"]) == ("car", 0.8, 3)
    assert (values["prompt"], values["raster"], values["stretch"]) == ("car", "/data/a.tif", None)


def test_an_area_chooses_windows_and_points(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, part = layer_of(), layer_of(area=QgsRectangle(500040, 3999960, 500060, 3999980))
    assert len(whole.numbers()) == len(whole.grid)
    assert 0 < len(part.numbers()) < 8
    points = [CAR, CAR.moved(30, 0)]
    assert part.is_inside(points).tolist() == [True, False]
    assert whole.is_inside(points).tolist() == [True, True]
    monkeypatch.setattr(object_layer, "MAX_TILES", 5)
    with pytest.raises(ImageryError, match="search windows, more than the limit of 5"):
        whole.numbers()
