"""The map's context menu: entries, the outline of their area, and saved sizes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from qgis.core import QgsGeometry, QgsPointXY, QgsProject, QgsRasterLayer, QgsRectangle
from qgis.gui import QgsMapCanvas, QgsMapMouseEvent, QgsRubberBand
from qgis.PyQt.QtCore import QEvent, Qt
from qgis.PyQt.QtGui import QIcon, QMouseEvent
from qgis.PyQt.QtWidgets import QAction, QInputDialog, QMenu

from rsgpt_plugin.client.preferences import Preferences, load, save
from rsgpt_plugin.gui.actions.canvas_menu import CanvasMenu
from rsgpt_plugin.services.asking.feature_selection import FeatureSelection
from rsgpt_plugin.services.asking.place import Place
from tests.plugin.gui.conftest import Noted, box, show_above
from tests.plugin.results import fids, results_layer
from tests.plugin.services.conftest import polygons


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    save(Preferences())
    yield
    save(Preferences())


@pytest.fixture
def menu(canvas: QgsMapCanvas, noted: Noted) -> Iterator[CanvasMenu]:
    canvas_menu = CanvasMenu(canvas, QIcon(), noted)
    canvas_menu.register()
    yield canvas_menu
    canvas_menu.unregister()


@pytest.fixture
def spot(scenes: QgsRasterLayer) -> QgsPointXY:
    return scenes.extent().center()


def opened(canvas: QgsMapCanvas, point: QgsPointXY) -> QMenu:
    """Return the menu as QGIS opens it."""
    menu = QMenu(canvas)
    place = canvas.getCoordinateTransform().transform(point).toQPointF()
    button = Qt.MouseButton.RightButton
    press = QMouseEvent(QEvent.Type.MouseButtonPress, place, button, button, Qt.KeyboardModifier.NoModifier)
    canvas.contextMenuAboutToShow.emit(menu, QgsMapMouseEvent(canvas, press))
    menu.aboutToShow.emit()
    return menu


def entry(menu: QMenu, start: str) -> QAction:
    (action,) = [action for action in menu.actions() if action.text().startswith(start)]
    return action


def outlines(canvas: QgsMapCanvas) -> list[QgsRectangle]:
    """Return the bounding boxes of all rubber bands on the canvas."""
    return [item.asGeometry().boundingBox() for item in canvas.items() if isinstance(item, QgsRubberBand)]


def test_the_outline_equals_the_asked_area_and_disappears_with_the_menu(
    menu: CanvasMenu, canvas: QgsMapCanvas, noted: Noted, spot: QgsPointXY
) -> None:
    shown = opened(canvas, spot)
    (outline,) = outlines(canvas)
    assert (outline.width(), outline.height()) == pytest.approx((77, 77), rel=0.01)
    shown.aboutToHide.emit()
    assert outlines(canvas) == []
    entry(shown, "Describe this area (77 m)").trigger()
    (place,) = noted.asked
    assert isinstance(place, Place)
    assert place.extent.width() == pytest.approx(outline.width())
    assert place.extent.center().distance(spot) < 1


def test_entries_describe_describe_in_detail_and_ask(
    menu: CanvasMenu, canvas: QgsMapCanvas, noted: Noted, spot: QgsPointXY
) -> None:
    shown = opened(canvas, spot)
    entry(shown, "Describe this area (").trigger()
    entry(shown, "Describe this area in detail").trigger()
    entry(shown, "Ask about this area").trigger()
    assert noted.detailed == [False, True]
    assert noted.titles == ["Ask about this area"]


def test_a_size_is_previewed_before_it_is_saved(menu: CanvasMenu, canvas: QgsMapCanvas, spot: QgsPointXY) -> None:
    sizes = entry(opened(canvas, spot), "Area size").menu()
    assert [action.text() for action in sizes.actions() if action.isChecked()] == ["256 pixels (77 m)"]
    entry(sizes, "150 m").hovered.emit()
    assert outlines(canvas)[0].width() == pytest.approx(150, rel=0.01)
    assert load().click_size_m == 0
    sizes.aboutToHide.emit()
    assert outlines(canvas)[0].width() == pytest.approx(77, rel=0.01)
    entry(sizes, "150 m").trigger()
    assert load().click_size_m == 150
    assert entry(opened(canvas, spot), "Describe this area (150 m)")


def test_the_size_of_256_pixels_can_be_chosen_again(menu: CanvasMenu, canvas: QgsMapCanvas, spot: QgsPointXY) -> None:
    save(Preferences(click_size_m=150.0))
    sizes = entry(opened(canvas, spot), "Area size").menu()
    entry(sizes, "256 pixels (77 m)").hovered.emit()
    assert outlines(canvas)[0].width() == pytest.approx(76.8, rel=0.01)
    entry(sizes, "256 pixels (77 m)").trigger()
    assert load().click_size_m == 0
    assert entry(opened(canvas, spot), "Describe this area (77 m)")


def test_without_a_raster_the_size_is_in_pixels(menu: CanvasMenu, canvas: QgsMapCanvas, spot: QgsPointXY) -> None:
    canvas.setLayers([])
    assert entry(opened(canvas, spot), "Describe this area (256 pixels)")


def test_any_size_can_be_entered(
    menu: CanvasMenu, canvas: QgsMapCanvas, spot: QgsPointXY, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QInputDialog, "getDouble", lambda *arguments: (42.5, True))
    entry(entry(opened(canvas, spot), "Area size").menu(), "Other…").trigger()
    sizes = entry(opened(canvas, spot), "Area size").menu()
    assert [action.text() for action in sizes.actions() if action.isChecked()] == ["42.5 m"]
    monkeypatch.setattr(QInputDialog, "getDouble", lambda *arguments: (9.0, False))
    entry(sizes, "Other…").trigger()
    assert load().click_size_m == 42.5


def test_the_polygon_under_the_click_is_named_outlined_and_asked(
    menu: CanvasMenu, canvas: QgsMapCanvas, noted: Noted, spot: QgsPointXY
) -> None:
    layer = polygons([box(spot, 50)], "EPSG:32611")
    layer.dataProvider().changeAttributeValues({1: {0: "Smith & <b>Sons</b>"}})
    show_above(canvas, layer)
    shown = opened(canvas, spot)
    describe, *_ = [action for action in shown.actions() if "Smith && <b>Sons</b>" in action.text()]
    describe.hovered.emit()
    assert outlines(canvas)[0].width() == pytest.approx(50)
    describe.trigger()
    entry(shown, "Ask about the polygon").trigger()
    assert [type(place) for place in noted.asked] == [FeatureSelection, FeatureSelection]
    assert noted.titles == ["Ask about the polygon"]


def test_an_answer_is_not_named_as_a_place(menu: CanvasMenu, canvas: QgsMapCanvas, spot: QgsPointXY) -> None:
    layer = results_layer(["no"])
    geometry = QgsGeometry.fromRect(box(spot, 50))
    layer.dataProvider().changeGeometryValues({fid: geometry for fid in fids(layer)})
    layer.setDisplayExpression('"caption"')
    show_above(canvas, layer)
    texts = [action.text() for action in opened(canvas, spot).actions()]
    assert "Describe the area of this answer" in texts
    assert not [text for text in texts if "“no”" in text]


def test_outside_all_rasters_there_is_no_outline(menu: CanvasMenu, canvas: QgsMapCanvas, spot: QgsPointXY) -> None:
    far = QgsPointXY(spot.x() + 50_000, spot.y())
    canvas.setExtent(box(far, 500))
    opened(canvas, far)
    assert outlines(canvas) == []


def test_unloading_leaves_the_map_as_it_was(
    canvas: QgsMapCanvas, noted: Noted, spot: QgsPointXY, scenes: QgsRasterLayer
) -> None:
    canvas_menu = CanvasMenu(canvas, QIcon(), noted)
    canvas_menu.register()
    opened(canvas, spot)
    canvas_menu.unregister()
    assert outlines(canvas) == []
    assert opened(canvas, spot).actions() == []
    assert QgsProject.instance().mapLayers() == {scenes.id(): scenes}
