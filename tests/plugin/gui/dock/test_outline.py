"""The outline lies on the picture of the conversation, in any CRS of the map, and is removed with the dock."""

from __future__ import annotations

from dataclasses import replace

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsRasterLayer, QgsRectangle
from qgis.gui import QgsMapCanvas, QgsRubberBand

from rsgpt_plugin.core.conversation_history import CapturedView
from rsgpt_plugin.gui.dock.outline import Outline
from tests.plugin.gui.conftest import box


@pytest.fixture
def view(canvas: QgsMapCanvas, scenes: QgsRasterLayer) -> CapturedView:
    area = box(canvas.extent().center(), 20.0)
    extent = (area.xMinimum(), area.yMinimum(), area.xMaximum(), area.yMaximum())
    return CapturedView(scenes.id(), "scenes", scenes.crs().toWkt(), extent, "ab" * 32, (8, 8), (8, 8), 0.3)


def drawn(outline: Outline) -> QgsRectangle:
    return outline.band.asGeometry().boundingBox()


def test_without_a_picture_the_outline_is_hidden(canvas: QgsMapCanvas) -> None:
    outline = Outline(canvas)
    outline.show_view(None)
    assert not outline.band.isVisible()
    outline.remove()


def test_the_outline_lies_on_the_picture(canvas: QgsMapCanvas, view: CapturedView) -> None:
    outline = Outline(canvas)
    outline.show_view(view)
    assert outline.band.isVisible()
    assert drawn(outline) == QgsRectangle(*view.extent)
    left, bottom, right, top = view.extent
    moved = replace(view, extent=(left + 5, bottom + 5, right + 5, top + 5))
    outline.show_view(moved)
    assert drawn(outline) == QgsRectangle(*moved.extent)
    outline.remove()


def test_the_outline_is_hidden_while_it_is_not_wanted(canvas: QgsMapCanvas, view: CapturedView) -> None:
    outline = Outline(canvas)
    outline.set_wanted(False)
    outline.show_view(view)
    assert not outline.band.isVisible()
    outline.set_wanted(True)
    assert outline.band.isVisible()
    outline.show_view(None)
    assert not outline.band.isVisible()
    outline.remove()


def test_the_outline_follows_the_crs_of_the_map(canvas: QgsMapCanvas, view: CapturedView) -> None:
    outline = Outline(canvas)
    outline.show_view(view)
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    assert drawn(outline).width() < 0.001
    assert -180 < drawn(outline).xMinimum() < 180
    outline.remove()


def test_a_removed_outline_leaves_nothing_on_the_canvas(canvas: QgsMapCanvas, view: CapturedView) -> None:
    outline = Outline(canvas)
    outline.show_view(view)
    outline.remove()
    assert [item for item in canvas.scene().items() if isinstance(item, QgsRubberBand)] == []
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:4326"))  # draws nothing any more
