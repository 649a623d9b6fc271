"""Stops of the tour that look for things: objects as points, and pictures by words."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtWidgets import QDialogButtonBox, QListView, QToolButton

from .desk import AIRPLANES, ANSWER_S, Desk
from .hands import cell, choose, click, click_item, item, write
from .steps import Steps, pause, until


def find_objects(desk: Desk) -> Steps:
    """Run Find objects… from the layer's context menu for airplanes; zoom to them."""
    form = yield from desk.open_from_raster("Find objects…")
    yield from _only(form, "airplane")
    desk.pictures.window("find-dialog", form)
    yield from click(form.runButton())
    yield until(desk.found, "the layer of found objects", 3 * ANSWER_S)
    yield pause(1.0)
    desk.pictures.screen("find-done")
    yield from click(form.buttonBox().button(QDialogButtonBox.StandardButton.Close))
    yield from desk.zoom_to(*AIRPLANES)
    yield pause(1.0)
    desk.pictures.screen("find", for_guide=True)


def search(desk: Desk) -> Steps:
    """Search the raster by words, and click the best result."""
    entry = desk.entry("SearchPart", "Search…")
    yield from choose(desk.window, *entry, opened=lambda: desk.pictures.screen("raster-menu"))
    yield until(lambda: desk.dock("RsgptSearch"), "the panel of searches")
    dock = desk.dock("RsgptSearch")
    yield pause(1.0)
    desk.pictures.screen("search-empty")
    yield until(lambda: dock.layers.currentLayer() is not None, "a layer to be chosen", 5)
    if dock.layers.currentLayer() is not desk.raster():
        yield from click(dock.layers)
        yield until(dock.layers.view().isVisible, "the list of layers")
        number = dock.layers.findText(desk.raster().name())
        yield from click_item(dock.layers.view(), dock.layers.model().index(number, 0))
    yield from click(dock.words)
    yield from write(dock.words, "tennis courts\n")
    yield until(lambda: dock.model.rowCount() > 0, "the results", 3 * ANSWER_S)
    yield until(lambda: _first_picture(dock) is not None, "the first picture", ANSWER_S)
    before = desk.canvas.extent()
    yield from click_item(dock.view, dock.model.index(0))
    yield until(lambda: desk.canvas.extent() != before and not desk.canvas.isDrawing(), "the map to follow", 60)
    yield pause(1.5)
    desk.pictures.screen("search", for_guide=True)
    dock.close()


def _first_picture(dock: Any) -> Any:
    return dock.thumbnails.get(dock.model.answer.sha256(dock.model.shown[0]))


def _only(form: Any, name: str) -> Steps:
    """Check one of the objects in the list that the button of the parameter opens."""
    names = form.mainWidget().wrappers["OBJECTS"].wrappedWidget()
    yield from click(names.findChild(QToolButton))
    yield until(lambda: _lists(form), "the list of objects")
    (view,) = _lists(form)
    index = item(view, name)
    yield from click(view.viewport(), QPoint(view.visualRect(index).left() + 10, cell(view, index).y()))
    yield until(lambda: index.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked, "its check mark", 5)
    buttons = next(box for box in form.findChildren(QDialogButtonBox) if box.parent() is view.parent())
    yield from click(buttons.button(QDialogButtonBox.StandardButton.Ok))


def _lists(form: Any) -> list[QListView]:
    return [view for view in form.findChildren(QListView) if view.isVisible() and view.model().rowCount()]
