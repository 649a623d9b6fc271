"""“Find objects” opens the dialog for the raster that the user sees."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from qgis.core import QgsMapLayer, QgsProject, QgsRasterLayer, QgsReferencedRectangle, QgsVectorLayer
from qgis.gui import QgsMapCanvas, QgsMessageBar
from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QAction, QDialog, QMenu

from rsgpt_plugin.gui.actions.find_actions import FIND, FindActions


class ToolWindow:
    """The parts of the QGIS window that the actions use."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        self.canvas, self.bar = canvas, QgsMessageBar()
        self.active: QgsMapLayer | None = None
        self.tools: list[QAction] = []
        self.entries: list[QAction] = []

    def mapCanvas(self) -> QgsMapCanvas:
        return self.canvas

    def messageBar(self) -> QgsMessageBar:
        return self.bar

    def activeLayer(self) -> QgsMapLayer | None:
        return self.active

    def addToolBarIcon(self, action: QAction) -> None:
        self.tools.append(action)

    def removeToolBarIcon(self, action: QAction) -> None:
        self.tools.remove(action)

    def addPluginToRasterMenu(self, menu: str, action: QAction) -> None:
        self.entries.append(action)

    def removePluginRasterMenu(self, menu: str, action: QAction) -> None:
        self.entries.remove(action)

    def context_menu(self) -> QMenu:
        menu = QMenu(self.canvas)
        self.canvas.contextMenuAboutToShow.emit(menu, None)
        return menu


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """The algorithms and parameters of the dialogs that were opened, which are deleted at the end."""
    calls: list[tuple[str, dict[str, Any]]] = []
    dialogs: list[QDialog] = []
    module = ModuleType("processing")

    def create(algorithm: str, parameters: dict[str, Any]) -> QDialog:
        calls.append((algorithm, parameters))
        dialogs.append(QDialog())
        return dialogs[-1]

    module.createAlgorithmDialog = create  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "processing", module)
    yield calls
    for dialog in dialogs:
        sip.delete(dialog)


@pytest.fixture
def window(canvas: QgsMapCanvas) -> Iterator[ToolWindow]:
    window = ToolWindow(canvas)
    actions = FindActions(window)
    actions.register()
    yield window
    actions.unregister()
    assert (window.tools, window.entries, window.context_menu().actions()) == ([], [], [])


def test_the_button_takes_the_topmost_raster(
    window: ToolWindow, scenes: QgsRasterLayer, opened: list[tuple[str, dict[str, Any]]]
) -> None:
    window.active = QgsVectorLayer("Point", "points", "memory")
    window.tools[0].trigger()
    assert window.tools == window.entries
    assert opened == [(FIND, {"INPUT": scenes.id()})]


def test_the_active_raster_has_precedence(
    window: ToolWindow, scenes: QgsRasterLayer, opened: list[tuple[str, dict[str, Any]]]
) -> None:
    window.active = QgsProject.instance().addMapLayer(QgsRasterLayer(scenes.source(), "another"))
    window.entries[0].trigger()
    assert opened == [(FIND, {"INPUT": window.active.id()})]


def test_the_map_s_menu_fills_in_the_extent(
    window: ToolWindow, scenes: QgsRasterLayer, opened: list[tuple[str, dict[str, Any]]]
) -> None:
    separator, entry = window.context_menu().actions()  # QGIS may have an entry of another group above
    assert separator.isSeparator()
    assert entry.text() == "Find objects in this view…"
    entry.trigger()
    ((_, parameters),) = opened
    assert parameters["INPUT"] == scenes.id()
    assert parameters["EXTENT"] == QgsReferencedRectangle(window.canvas.extent(), scenes.crs())


def test_without_a_raster_the_dialog_is_empty_and_the_map_has_no_entry(
    window: ToolWindow, opened: list[tuple[str, dict[str, Any]]]
) -> None:
    window.canvas.setLayers([])
    assert window.context_menu().actions() == []
    window.tools[0].trigger()
    assert opened == [(FIND, {})]


def test_without_processing_a_message_is_shown(window: ToolWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "processing", None)
    window.tools[0].trigger()
    (item,) = window.bar.items()
    assert "Processing plugin is disabled" in item.text()
