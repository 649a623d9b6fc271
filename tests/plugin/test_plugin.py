"""The plugin in QGIS: loaded from its folder, used with real clicks, unloaded without leftovers."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from qgis.core import (
    QgsApplication,
    QgsExpression,
    QgsLayerTreeModel,
    QgsPointXY,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
)
from qgis.gui import QgsGui, QgsLayerTreeView, QgsMapCanvas, QgsMapMouseEvent, QgsMapTool, QgsMessageBar
from qgis.PyQt.QtCore import QCoreApplication, QEvent, QSize, Qt
from qgis.PyQt.QtGui import QMouseEvent
from qgis.PyQt.QtWidgets import QAction, QDockWidget, QMainWindow, QMenu

from tests.plugin.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "resources" / "demo" / "scenes.tif"


class PluginWindow:
    """The part of QGIS's interface that the plugin uses, with a real canvas and message bar."""

    def __init__(self) -> None:
        self.window = QMainWindow()
        self.canvas = QgsMapCanvas(self.window)
        self.canvas.resize(QSize(600, 400))
        self.bar = QgsMessageBar(self.window)
        self.tree = QgsLayerTreeView(self.window)
        self.tree.setModel(QgsLayerTreeModel(QgsProject.instance().layerTreeRoot(), self.tree))
        self.tools: list[QAction] = []
        self.menu: list[QAction] = []
        self.options: list[Any] = []
        self.opened: list[str] = []

    def mainWindow(self) -> QMainWindow:
        return self.window

    def mapCanvas(self) -> QgsMapCanvas:
        return self.canvas

    def messageBar(self) -> QgsMessageBar:
        return self.bar

    def layerTreeView(self) -> QgsLayerTreeView:
        return self.tree

    def addToolBarIcon(self, action: QAction) -> None:
        self.tools.append(action)

    def removeToolBarIcon(self, action: QAction) -> None:
        self.tools.remove(action)

    def addPluginToRasterMenu(self, menu: str, action: QAction) -> None:
        self.menu.append(action)

    def removePluginRasterMenu(self, menu: str, action: QAction) -> None:
        self.menu.remove(action)

    def addDockWidget(self, area: Qt.DockWidgetArea, dock: QDockWidget) -> None:
        self.window.addDockWidget(area, dock)

    def removeDockWidget(self, dock: QDockWidget) -> None:
        self.window.removeDockWidget(dock)

    def registerOptionsWidgetFactory(self, factory: Any) -> None:
        self.options.append(factory)

    def showOptionsDialog(self, parent: QMainWindow, page: str) -> None:
        self.opened.append(page)

    def unregisterOptionsWidgetFactory(self, factory: Any) -> None:
        self.options.remove(factory)

    def activeLayer(self) -> None:
        """Return None: no layer is selected."""

    def right_click(self, point: QgsPointXY) -> QMenu:
        """Return the context menu of the canvas at a map point, as QGIS builds it."""
        menu = QMenu(self.window)
        place = self.canvas.getCoordinateTransform().transform(point).toQPointF()
        button = Qt.MouseButton.RightButton
        press = QMouseEvent(QEvent.Type.MouseButtonPress, place, button, button, Qt.KeyboardModifier.NoModifier)
        event = QgsMapMouseEvent(self.canvas, press)
        self.canvas.contextMenuAboutToShow.emit(menu, event)
        return menu

    def docks(self) -> list[QDockWidget]:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        return self.window.findChildren(QDockWidget)

    def canvas_object_count(self) -> int:
        """Return the number of items and map tools of the canvas."""
        return len(self.canvas.scene().items()) + len(self.canvas.findChildren(QgsMapTool))

    def messages(self) -> list[str]:
        return [item.text() for item in self.bar.items()]


def action(menu: QMenu, text: str) -> QAction:
    (entry,) = [entry for entry in menu.actions() if entry.text() == text]
    return entry


@pytest.fixture
def window(qgis_new_project: None) -> PluginWindow:
    return PluginWindow()


@pytest.fixture
def plugin(window: PluginWindow, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The plugin, started by `classFactory` of the repository folder."""
    monkeypatch.syspath_prepend(str(ROOT.parent))
    started = importlib.import_module(ROOT.name).classFactory(window)
    started.initGui()
    yield started
    started.unload()


def providers() -> list[str]:
    return sorted(provider.id() for provider in QgsApplication.processingRegistry().providers())


def test_unload_leaves_nothing_behind(window: PluginWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT.parent))
    factory = importlib.import_module(ROOT.name).classFactory
    before, functions = providers(), QgsExpression.functionCount()
    layer_actions = len(QgsGui.mapLayerActionRegistry().mapLayerActions(None))
    canvas_objects = window.canvas_object_count()
    for _ in range(5):
        started = factory(window)
        started.initGui()
        assert providers() == sorted([*before, "rsgpt"])
        tools = ["Describe canvas", "Find objects…", "RSGPT panel", "Results table", "Search…"]
        assert [tool.text() for tool in window.tools] == tools
        entries = [entry.text() for entry in window.menu]
        assert entries[:4] == ["Describe canvas", "Ask about the canvas…", "Describe raster…", "Describe features…"]
        assert entries[-6:] == [
            "Runs…", "Set up the model…", "Models…", "Options…", "Guide", "Report a problem…",
        ]  # fmt: skip
        assert len(window.docks()) == 1
        assert [factory.title() for factory in window.options] == ["RSGPT"]
        assert window.right_click(QgsPointXY(0, 0)).actions() != []
        started.unload()
        assert (providers(), window.tools, window.menu, window.docks()) == (before, [], [], [])
        assert window.options == []
        assert window.canvas_object_count() == canvas_objects
        assert window.right_click(QgsPointXY(0, 0)).actions() == []
        assert QgsExpression.functionCount() == functions
        assert len(QgsGui.mapLayerActionRegistry().mapLayerActions(None)) == layer_actions


def test_the_entries_of_the_menu_have_icons_that_differ(plugin: Any, window: PluginWindow) -> None:
    pictures = {entry.text(): entry.icon().pixmap(16, 16).toImage() for entry in window.menu}
    images = list(pictures.values())
    assert not any(image.isNull() for image in images)
    assert [text for text, image in pictures.items() if images.count(image) > 1] == []


def test_the_menu_opens_the_page_of_the_options(plugin: Any, window: PluginWindow) -> None:
    (entry,) = [entry for entry in window.menu if entry.text() == "Options…"]
    entry.trigger()
    assert window.opened == [window.options[0].key()]


def test_processing_works_without_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT.parent))
    started = importlib.import_module(ROOT.name).classFactory(None)
    started.initProcessing()
    assert "rsgpt" in providers()
    started.unload()
    assert "rsgpt" not in providers()


def test_the_context_menu_offers_descriptions_and_a_question(plugin: Any, window: PluginWindow) -> None:
    texts = [entry.text() for entry in window.right_click(QgsPointXY(0, 0)).actions() if not entry.isSeparator()]
    assert texts == [
        "Describe this area (256 pixels)",
        "Describe this area in detail (256 pixels)",
        "Ask about this area (256 pixels)…",
        "Area size",
    ]


def test_the_first_use_offers_setup_and_starts_no_task(plugin: Any, window: PluginWindow, own_home: Path) -> None:
    action(window.right_click(QgsPointXY(0, 0)), "Describe this area (256 pixels)").trigger()
    (message,) = window.messages()
    assert "must be set up once" in message
    assert not own_home.exists()
    assert QgsApplication.taskManager().activeTasks() == []


@pytest.fixture
def ready(
    plugin: Any, window: PluginWindow, fake_server: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> PluginWindow:
    """A window with the demo raster and the fake engine instead of the model."""
    package = type(plugin).__module__.rpartition(".")[0]
    server = fake_server("--reply", "a harbour <i>with</i> boats")
    monkeypatch.setattr(sys.modules[f"{package}.client.server.local_server"], "_managed_server", lambda launch: server)
    monkeypatch.setattr(sys.modules[f"{package}.gui.actions.canvas_actions"], "is_ready", lambda: True)
    models = sys.modules[f"{package}.client.installed_models"]
    identity = models.ModelInfo("rsgpt-small", "f" * 64)
    monkeypatch.setattr(sys.modules[f"{package}.client.backends"], "model_identity", lambda name: identity)
    raster = QgsRasterLayer(str(DEMO), "scenes")
    assert raster.isValid()
    QgsProject.instance().setCrs(raster.crs())
    QgsProject.instance().addMapLayer(raster)
    window.canvas.setDestinationCrs(raster.crs())
    window.canvas.setLayers([raster])
    window.canvas.setExtent(raster.extent())
    return window


def test_describing_an_area_adds_a_feature_and_a_message(ready: PluginWindow) -> None:
    point = ready.canvas.extent().center()
    action(ready.right_click(point), "Describe this area (77 m)").trigger()
    wait_until(lambda: bool(QgsProject.instance().mapLayersByName("RSGPT answers")))
    (layer,) = QgsProject.instance().mapLayersByName("RSGPT answers")
    (row,) = layer.getFeatures()
    assert row["answer"] == "a harbour <i>with</i> boats"
    assert (
        row.geometry().boundingBox().contains(QgsRectangle(point.x() - 1, point.y() - 1, point.x() + 1, point.y() + 1))
    )
    wait_until(lambda: ready.messages() == ["a harbour &lt;i&gt;with&lt;/i&gt; boats (90 % sure)"])


def test_the_toolbar_button_describes_the_canvas(ready: PluginWindow) -> None:
    ready.tools[0].trigger()
    wait_until(lambda: bool(QgsProject.instance().mapLayersByName("RSGPT answers")))
    (layer,) = QgsProject.instance().mapLayersByName("RSGPT answers")
    (row,) = layer.getFeatures()
    (raster,) = QgsProject.instance().mapLayersByName("scenes")
    assert row.geometry().area() == pytest.approx(raster.extent().area(), rel=0.05)


def test_a_rotated_canvas_is_refused_with_a_message(ready: PluginWindow) -> None:
    ready.canvas.setRotation(20)
    ready.tools[0].trigger()
    (message,) = ready.messages()
    assert "The map is rotated" in message


def test_unload_stops_running_tasks(ready: PluginWindow, plugin: Any) -> None:
    ready.tools[0].trigger()
    plugin.unload()
    wait_until(lambda: not QgsApplication.taskManager().activeTasks(), 5.0)
    assert ready.messages() == []
    plugin.initGui()
