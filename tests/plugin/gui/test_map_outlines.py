"""Outlines lie on their area in the CRS of the map, are removed again, and zooming shows the whole place."""

from __future__ import annotations

from typing import Any

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsGeometry,
    QgsPointXY,
    QgsRasterLayer,
    QgsRectangle,
    QgsReferencedRectangle,
)
from qgis.gui import QgsMapCanvas, QgsRubberBand

from rsgpt_plugin.geo.transforms import transform_between
from rsgpt_plugin.gui.map_outlines import MapOutline, outline, show_answers, zoom_to
from rsgpt_plugin.services.asking.click_run import ShownAnswers
from tests.plugin.gui.conftest import box

DEGREES = QgsCoordinateReferenceSystem("EPSG:4326")


def bands(canvas: QgsMapCanvas) -> list[QgsRubberBand]:
    return [item for item in canvas.scene().items() if isinstance(item, QgsRubberBand)]


def spot_of(canvas: QgsMapCanvas) -> QgsPointXY:
    return canvas.extent().center()


@pytest.mark.parametrize("filled", [True, False])
def test_an_outline_is_empty_and_filled_on_request(canvas: QgsMapCanvas, filled: bool) -> None:
    band = outline(canvas, filled)
    assert bands(canvas) == [band]
    assert band.asGeometry().isEmpty()
    assert bool(band.fillColor().alpha()) is filled
    assert band.strokeColor().alpha() == 255
    canvas.scene().removeItem(band)


def test_zoom_to_shows_the_place_with_a_margin(canvas: QgsMapCanvas, scenes: QgsRasterLayer) -> None:
    place = QgsReferencedRectangle(box(spot_of(canvas), 20.0), scenes.crs())
    assert zoom_to(canvas, place, 2.0)
    assert canvas.extent().height() == pytest.approx(40)
    assert canvas.extent().center().distance(place.center()) < 0.01
    assert place.width() == 20  # the argument is not changed


def test_zoom_to_transforms_the_place(canvas: QgsMapCanvas, scenes: QgsRasterLayer) -> None:
    center = spot_of(canvas)
    degrees = QgsGeometry.fromRect(box(center, 20.0))
    degrees.transform(transform_between(scenes.crs(), DEGREES, canvas.mapSettings().transformContext()))
    assert zoom_to(canvas, QgsReferencedRectangle(degrees.boundingBox(), DEGREES))
    assert canvas.extent().center().distance(center) < 1
    assert 20 < canvas.extent().height() < 40


def test_a_place_outside_the_crs_of_the_map_is_not_shown(canvas: QgsMapCanvas) -> None:
    before = canvas.extent()
    assert not zoom_to(canvas, QgsReferencedRectangle(QgsRectangle(0, 95, 1, 96), DEGREES))
    assert canvas.extent() == before


def test_a_map_outline_shows_one_area_at_a_time(canvas: QgsMapCanvas, scenes: QgsRasterLayer) -> None:
    shown = MapOutline(canvas)
    for side in (10.0, 20.0):
        shown.show(QgsGeometry.fromRect(box(spot_of(canvas), side)), scenes.crs())
        (band,) = bands(canvas)
        assert band.asGeometry().boundingBox().width() == pytest.approx(side)
    shown.clear()
    assert bands(canvas) == []
    shown.clear()  # there is nothing to remove


def test_a_map_outline_in_another_crs_lies_on_its_area(canvas: QgsMapCanvas, scenes: QgsRasterLayer) -> None:
    area = QgsGeometry.fromRect(box(spot_of(canvas), 20.0))
    area.transform(transform_between(scenes.crs(), DEGREES, canvas.mapSettings().transformContext()))
    shown = MapOutline(canvas)
    shown.show(area, DEGREES)
    (band,) = bands(canvas)
    assert band.asGeometry().boundingBox().center().distance(spot_of(canvas)) < 0.1
    shown.clear()


def test_answers_are_flashed_in_a_view_of_all_of_them(
    canvas: QgsMapCanvas, scenes: QgsRasterLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    flashed: list[tuple[Any, ...]] = []
    monkeypatch.setattr(canvas, "flashGeometries", lambda *arguments: flashed.append(arguments))
    center = spot_of(canvas)
    places = tuple(QgsGeometry.fromRect(box(QgsPointXY(center.x() + shift, center.y()), 4.0)) for shift in (-10, 10))
    show_answers(canvas, ShownAnswers(places, scenes.crs()))
    assert all(canvas.extent().contains(place.boundingBox()) for place in places)
    assert canvas.extent().width() < 4 * 24
    assert flashed == [(list(places), scenes.crs())]


def test_answers_outside_the_map_are_not_flashed(canvas: QgsMapCanvas, monkeypatch: pytest.MonkeyPatch) -> None:
    flashed: list[tuple[Any, ...]] = []
    monkeypatch.setattr(canvas, "flashGeometries", lambda *arguments: flashed.append(arguments))
    show_answers(canvas, ShownAnswers((QgsGeometry.fromRect(QgsRectangle(0, 95, 1, 96)),), DEGREES))
    assert flashed == []
