"""Places: their raster, extent and size as one picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from osgeo import gdal
from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsProject, QgsRasterLayer

from rsgpt_plugin.errors import ImageryError
from rsgpt_plugin.services.asking.place import canvas_place, click_size, clicked_place
from rsgpt_plugin.shared.answers.answer_types import AnswerType
from rsgpt_plugin.shared.answers.questions import Question
from tests.plugin.services.conftest import around, view_of


@pytest.mark.parametrize("view_m", [20, 90, 4000])
def test_clicked_place_has_its_ground_size_at_any_scale(raster: QgsRasterLayer, view_m: float) -> None:
    view = view_of([raster], around(150, 150, view_m))
    place = clicked_place(view, around(150, 150, 1).center(), 77.0)
    assert place.layer_id == raster.id()
    assert place.extent.width() == pytest.approx(77, rel=0.01)
    assert place.extent.height() == pytest.approx(77, rel=0.01)
    assert place.side_m == pytest.approx(77, rel=0.01)
    assert "GROUND_RESOLUTION" not in place.parameters()


def test_clicked_place_is_square_on_a_map_in_degrees(raster: QgsRasterLayer) -> None:
    geographic = QgsCoordinateReferenceSystem("EPSG:4326")
    transform = QgsCoordinateTransform(raster.crs(), geographic, QgsProject.instance())
    view = view_of([raster], transform.transformBoundingBox(around(150, 150, 100)), "EPSG:4326")
    place = clicked_place(view, transform.transform(around(150, 150, 1).center()), 60.0)
    assert place.extent.width() == pytest.approx(place.extent.height(), rel=0.05)
    assert place.extent.crs() == raster.crs()


def test_clicked_place_uses_the_topmost_raster(make_raster: Callable[..., QgsRasterLayer]) -> None:
    top, below = make_raster("top", side=100), make_raster("below")
    view = view_of([top, below], around(150, 150, 300))
    assert clicked_place(view, around(20, 20, 1).center(), 20.0).layer_id == top.id()
    assert clicked_place(view, around(200, 200, 1).center(), 20.0).layer_id == below.id()


def test_the_usual_size_of_a_click_is_256_pixels_of_the_raster(
    raster: QgsRasterLayer, make_raster: Callable[..., QgsRasterLayer], tmp_path: Path
) -> None:
    point = around(150, 150, 1).center()
    assert click_size(view_of([raster], around(150, 150, 200)), point) == pytest.approx(128, rel=0.01)  # of 0.5 m
    coarse = str(tmp_path / "coarse.tif")
    gdal.Translate(coarse, raster.source(), width=60, height=60)
    layer = QgsRasterLayer(coarse, "coarse")
    view = view_of([layer], around(150, 150, 200))
    assert click_size(view, point) == pytest.approx(1280, rel=0.01)
    assert clicked_place(view, point, click_size(view, point)).pixels == pytest.approx(256, abs=1)
    with pytest.raises(ImageryError, match="no visible raster layer here"):
        click_size(view_of([], around(0, 0, 10)), point)


def test_canvas_place_becomes_one_picture(raster: QgsRasterLayer) -> None:
    place = canvas_place(view_of([raster], around(150, 150, 200)))
    parameters = place.parameters()
    assert parameters["EXTENT"].height() == pytest.approx(200)
    assert (parameters["CAPTION"], parameters["QUESTIONS"], parameters["INPUT"]) == (True, "", raster.id())
    assert "GROUND_RESOLUTION" not in parameters


def test_a_canvas_of_many_pixels_is_resampled(make_raster: Callable[..., QgsRasterLayer]) -> None:
    large = make_raster("large", side=3000)
    place = canvas_place(view_of([large], around(750, 750, 1500)))
    assert place.parameters()["GROUND_RESOLUTION"] == pytest.approx(place.side_m / 512)


@pytest.mark.parametrize(("pixels", "resampled"), [(1000, False), (1023.5, True)])
def test_an_extent_that_can_exceed_the_largest_tile_is_resampled(
    make_raster: Callable[..., QgsRasterLayer], pixels: float, resampled: bool
) -> None:
    large = make_raster("large", side=3000)  # of 0.5 m
    place = canvas_place(view_of([large], around(750, 750, pixels / 3)))  # the view is wider than high
    assert place.pixels == pytest.approx(pixels, abs=0.1)
    assert ("GROUND_RESOLUTION" in place.parameters()) is resampled


def test_a_question_replaces_the_caption(raster: QgsRasterLayer) -> None:
    place = canvas_place(view_of([raster], around(150, 150, 200)))
    parameters = place.parameters(Question("answer", "Is there water?", AnswerType.YESNO))
    assert (parameters["CAPTION"], parameters["QUESTIONS"]) == (False, "answer[yesno]: Is there water?")


def test_canvas_place_rejects_a_rotated_map(raster: QgsRasterLayer) -> None:
    view = view_of([raster], around(150, 150, 200))
    view.setRotation(30)
    with pytest.raises(ImageryError, match="Set its rotation to 0"):
        canvas_place(view)


def test_canvas_place_reports_a_missing_raster() -> None:
    with pytest.raises(ImageryError, match="no visible raster layer here"):
        canvas_place(view_of([], around(0, 0, 10)))


def test_canvas_place_ignores_rasters_outside_the_view(raster: QgsRasterLayer) -> None:
    view = view_of([raster], around(50_000, 150, 100))
    with pytest.raises(ImageryError, match="no visible raster layer here"):
        canvas_place(view)
