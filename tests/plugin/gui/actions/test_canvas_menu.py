"""The map's right-click: entries, the outline of what they mean, and sizes that are kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from qgis.core import QgsPointXY, QgsProject, QgsRasterLayer, QgsRectangle
from qgis.gui import QgsMapCanvas, QgsMapMouseEvent, QgsRubberBand
from qgis.PyQt.QtCore import QEvent, Qt
from qgis.PyQt.QtGui import QIcon, QMouseEvent
from qgis.PyQt.QtWidgets import QAction, QInputDialog, QMenu

from rsgpt_plugin.client.preferences import Preferences, load, save
from rsgpt_plugin.gui.actions.canvas_menu import CanvasMenu
from rsgpt_plugin.services.asking.feature_selection import FeatureSelection
from rsgpt_plugin.services.asking.place import Place
from tests.plugin.gui.conftest import Noted, box, show_above
from tests.plugin.services.conftest import polygons


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    save(Preferences())
    yield
    save(Preferences())


@pytest.fixture
def menu(canvas: QgsMapCanvas, noted: Noted) -> Iterator[CanvasMenu]:
    made = CanvasMenu(canvas, QIcon(), noted)
    made.register()
    yield made
    made.unregister()


@pytest.fixture
def spot(scenes: QgsRasterLayer) -> QgsPointXY:
    return scenes.extent().center()


def opened(canvas: QgsMapCanvas, point: QgsPointXY) -> QMenu:
    """The menu as QGIS opens it."""
    made = QMenu(canvas)
    place = canvas.getCoordinateTransform().transform(point).toQPointF()
    button = Qt.MouseButton.RightButton
    press = QMouseEvent(QEvent.Type.MouseButtonPress, place, button, button, Qt.KeyboardModifier.NoModifier)
    canvas.contextMenuAboutToShow.emit(made, QgsMapMouseEvent(canvas, press))
    made.aboutToShow.emit()
    return made


def entry(menu: QMenu, start: str) -> QAction:
    (found,) = [action for action in menu.actions() if action.text().startswith(start)]
    return found


def outlines(canvas: QgsMapCanvas) -> list[QgsRectangle]:
    """The boxes of all rubber bands on the canvas."""
    return [item.asGeometry().boundingBox() for item in canvas.items() if isinstance(item, QgsRubberBand)]


def test_the_outline_is_what_is_asked_and_goes_with_the_menu(
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


def test_each_entry_asks_in_its_way(menu: CanvasMenu, canvas: QgsMapCanvas, noted: Noted, spot: QgsPointXY) -> None:
    shown = opened(canvas, spot)
    entry(shown, "Describe this area (").trigger()
    entry(shown, "Describe this area in detail").trigger()
    entry(shown, "Ask about this area").trigger()
    assert noted.detailed == [False, True]
    assert noted.titles == ["Ask about this area"]


def test_a_size_is_seen_before_it_is_kept(menu: CanvasMenu, canvas: QgsMapCanvas, spot: QgsPointXY) -> None:
    sizes = entry(opened(canvas, spot), "Area size").menu()
    assert [action.text() for action in sizes.actions() if action.isChecked()] == ["77 m"]
    entry(sizes, "150 m").hovered.emit()
    assert outlines(canvas)[0].width() == pytest.approx(150, rel=0.01)
    assert load().click_size_m == 77
    sizes.aboutToHide.emit()
    assert outlines(canvas)[0].width() == pytest.approx(77, rel=0.01)
    entry(sizes, "150 m").trigger()
    assert load().click_size_m == 150
    assert entry(opened(canvas, spot), "Describe this area (150 m)")


def test_any_size_can_be_given(
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


def test_beside_all_rasters_there_is_nothing_to_outline(
    menu: CanvasMenu, canvas: QgsMapCanvas, spot: QgsPointXY
) -> None:
    far = QgsPointXY(spot.x() + 50_000, spot.y())
    canvas.setExtent(box(far, 500))
    opened(canvas, far)
    assert outlines(canvas) == []


def test_unloading_leaves_the_map_as_it_was(
    canvas: QgsMapCanvas, noted: Noted, spot: QgsPointXY, scenes: QgsRasterLayer
) -> None:
    made = CanvasMenu(canvas, QIcon(), noted)
    made.register()
    opened(canvas, spot)
    made.unregister()
    assert outlines(canvas) == []
    assert opened(canvas, spot).actions() == []
    assert QgsProject.instance().mapLayers() == {scenes.id(): scenes}
