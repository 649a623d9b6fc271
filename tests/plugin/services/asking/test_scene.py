"""A viewpoint takes the picture of a place that `rsgpt:describeraster` would take, and describes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from qgis.core import QgsFeedback, QgsProject, QgsRasterLayer, QgsRectangle
from qgis.PyQt.QtGui import QImage

from rsgpt_plugin.core.conversation_history import CapturedView
from rsgpt_plugin.errors import Cancelled, ImageryError
from rsgpt_plugin.services.asking.place import Place, canvas_place
from rsgpt_plugin.services.asking.scene import Scene, Viewpoint, extent_of
from tests.plugin.rasters import ROTATED, OddRaster, write
from tests.plugin.services.conftest import LEFT, TOP, around, view_of


def taken(place: Place) -> Scene:
    return Viewpoint(QgsProject.instance(), place).take(QgsFeedback())


def place_in(layer: QgsRasterLayer, box: QgsRectangle) -> Place:
    return canvas_place(view_of([layer], box, layer.crs().authid()))


def test_the_picture_has_the_pixels_of_the_layer(raster: QgsRasterLayer) -> None:
    scene = taken(place_in(raster, around(150, 150, 100)))
    image = QImage.fromData(scene.png, "PNG")
    assert (image.width(), image.height()) == scene.captured_view.sent == scene.captured_view.original == (300, 200)


def test_the_picture_shows_the_ground_of_the_place(project: QgsProject, tmp_path: Path) -> None:
    values = np.full((3, 64, 64), 10, np.uint8)
    values[:, :32, 40:] = 240  # a bright corner in the northeast
    layer = QgsRasterLayer(str(write(tmp_path / "corner.tif", values)), "corner")
    project.addMapLayer(layer)
    project.setCrs(layer.crs())
    image = QImage.fromData(taken(place_in(layer, layer.extent())).png, "PNG")
    assert (image.width(), image.height()) == (64, 64)
    assert [image.pixelColor(*spot).red() for spot in ((39, 0), (40, 0), (63, 31), (63, 32))] == [10, 240, 240, 10]


def test_the_view_describes_the_picture_and_its_layer(raster: QgsRasterLayer) -> None:
    view = taken(place_in(raster, around(150, 150, 100))).captured_view
    assert (view.layer_id, view.layer_name, view.bands) == (raster.id(), "ortho", "1,2,3")
    assert view.stretch == "2-98% 1: 1..1, 2: 2..2, 3: 3..3"
    assert view.gsd_m == pytest.approx(0.5, rel=0.01)


def test_the_same_place_gives_the_same_picture(raster: QgsRasterLayer) -> None:
    first, second = (taken(place_in(raster, around(150, 150, 100))) for _ in range(2))
    assert first == second
    assert len(first.captured_view.image_sha256) == 64
    larger = taken(place_in(raster, around(150, 150, 110))).captured_view
    assert larger.image_sha256 != first.captured_view.image_sha256


def test_extent_of_is_the_ground_of_the_picture(raster: QgsRasterLayer) -> None:
    extent = extent_of(taken(place_in(raster, around(150, 150, 100))).captured_view)
    assert extent.crs() == raster.crs()
    assert (extent.xMinimum(), extent.yMaximum()) == (LEFT + 75, TOP - 100)
    assert (extent.width(), extent.height()) == (150, 100)


def test_extent_of_a_view_without_a_crs_has_no_crs() -> None:
    view = CapturedView("", "", "", (1.0, 2.0, 3.0, 5.0), "", (0, 0), (0, 0), 0.0)
    assert not extent_of(view).crs().isValid()
    assert (extent_of(view).width(), extent_of(view).height()) == (2, 3)


def test_the_corners_of_a_picture_turn_with_its_raster(project: QgsProject, tmp_path: Path) -> None:
    path = write(tmp_path / "turned.tif", np.full((3, 64, 32), 7, np.uint8), OddRaster(ROTATED))
    layer = QgsRasterLayer(str(path), "turned")
    project.addMapLayer(layer)
    project.setCrs(layer.crs())
    view = taken(place_in(layer, layer.extent())).captured_view
    _, width, turn, _, down, height = ROTATED
    left, top = ROTATED[0], ROTATED[3]
    ring = [(left, top), (left + 32 * width, top + 32 * down), (left + 64 * turn, top + 64 * height)]
    assert view.corners == tuple(map(pytest.approx, ring))


def test_a_place_at_the_edge_of_the_layer_is_clipped_to_it(raster: QgsRasterLayer) -> None:
    view = taken(place_in(raster, around(0, 0, 100))).captured_view
    assert view.sent == (150, 100)
    assert (extent_of(view).xMinimum(), extent_of(view).yMaximum()) == (LEFT, TOP)


def test_a_large_place_is_resampled_and_keeps_its_original_size(make_raster: Callable[..., QgsRasterLayer]) -> None:
    large = make_raster("large", side=3000)
    QgsProject.instance().addMapLayer(large)
    view = taken(place_in(large, around(750, 750, 1000))).captured_view
    assert view.original == (3000, 2000)
    assert view.sent[0] == 512
    assert view.sent[1] == pytest.approx(512 * 2 / 3, abs=1)
    assert view.gsd_m == pytest.approx(1500 / 512, rel=0.01)


@pytest.mark.usefixtures("project")
def test_the_picture_is_taken_of_the_layer_at_the_time_of_the_question(raster: QgsRasterLayer) -> None:
    viewpoint = Viewpoint(QgsProject.instance(), place_in(raster, around(150, 150, 100)))
    QgsProject.instance().removeMapLayer(raster.id())
    assert viewpoint.take(QgsFeedback()).captured_view.sent == (300, 200)


def test_a_missing_layer_is_reported_by_its_name(raster: QgsRasterLayer) -> None:
    place = place_in(raster, around(150, 150, 100))
    QgsProject.instance().removeMapLayer(raster.id())
    with pytest.raises(ImageryError, match=r"The layer “ortho” is no longer in the project\. Choose another area\."):
        Viewpoint(QgsProject.instance(), place)


@pytest.mark.parametrize("mode", ["void", "void corner"])
def test_an_area_without_valid_pixels_is_reported(project: QgsProject, tmp_path: Path, mode: str) -> None:
    values = np.full((3, 64, 64), 7, np.uint8)
    if mode == "void corner":
        values[:, 32:] = 99
    layer = QgsRasterLayer(str(write(tmp_path / "void.tif", values, OddRaster(nodata=7.0))), "void")
    project.addMapLayer(layer)
    project.setCrs(layer.crs())
    box = layer.extent()
    box.setYMinimum(box.yMaximum() - 8)
    with pytest.raises(ImageryError, match="area has no valid pixel"):
        taken(place_in(layer, box))


def test_cancel_ends_the_capture(raster: QgsRasterLayer) -> None:
    feedback = QgsFeedback()
    feedback.cancel()
    viewpoint = Viewpoint(QgsProject.instance(), place_in(raster, around(150, 150, 100)))
    with pytest.raises(Cancelled):
        viewpoint.take(feedback)
