"""The dock with real keys and clicks, the real server and the scripted engine."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsApplication, QgsCoordinateReferenceSystem, QgsProject, QgsRasterLayer
from qgis.gui import QgsMapCanvas, QgsMapToolPan
from qgis.PyQt.QtCore import QCoreApplication, QPoint, QSize, Qt
from qgis.PyQt.QtGui import QKeySequence
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QMainWindow, QShortcut

from rsgpt_plugin.client import backends
from rsgpt_plugin.client.installed_models import ModelInfo
from rsgpt_plugin.client.preferences import Preferences, save
from rsgpt_plugin.client.server.local_server import LocalServer
from rsgpt_plugin.gui.dock.area_picker import AreaPicker
from rsgpt_plugin.gui.dock.conversation_dock import RsgptDock
from rsgpt_plugin.shared.answers.answer_types import AnswerType
from tests.plugin.services.asking.test_click_run import wait_until
from tests.plugin.services.conftest import around, make_raster, project, raster, serve

__all__ = ["make_raster", "project", "raster", "serve"]

Serve = Callable[..., LocalServer]
LONG = " ".join(f"w{number}" for number in range(400))


class DockWindow:
    """The part of QGIS's interface that the dock uses."""

    def __init__(self) -> None:
        self.window = QMainWindow()
        self.canvas = QgsMapCanvas(self.window)
        self.window.setCentralWidget(self.canvas)
        self.active: Any = None

    def mainWindow(self) -> QMainWindow:
        return self.window

    def mapCanvas(self) -> QgsMapCanvas:
        return self.canvas

    def activeLayer(self) -> Any:
        return self.active


@pytest.fixture
def dock(raster: QgsRasterLayer, monkeypatch: pytest.MonkeyPatch) -> Iterator[RsgptDock]:
    monkeypatch.setattr(backends, "model_identity", lambda name: ModelInfo("rsgpt-small", "f" * 64))
    iface = DockWindow()
    iface.canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:32633"))
    iface.canvas.setLayers([raster])
    dock = RsgptDock(iface)
    iface.window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    iface.window.resize(QSize(900, 900))
    iface.window.show()
    QCoreApplication.processEvents()
    iface.canvas.setExtent(around(150, 150, 200))
    yield dock
    dock.close_down()
    save(Preferences())
    iface.window.close()


def ask(dock: RsgptDock, text: str, kind: AnswerType = AnswerType.TEXT) -> None:
    """Enter a question and press Enter."""
    dock.panel.bar.kind.choose(kind)
    dock.panel.bar.text.clear()
    QTest.keyClicks(dock.panel.bar.text, text)
    QTest.keyClick(dock.panel.bar.text, Qt.Key.Key_Return)


def idle(dock: RsgptDock) -> bool:
    return not dock.conversation.is_busy


def shown(dock: RsgptDock) -> str:
    return dock.panel.view.toPlainText()


def follow(dock: RsgptDock, link: str) -> None:
    """Follow a link of the last answer as the text browser reports it."""
    page = dock.panel.view.toHtml()
    last = page[page.rindex(f'href="{link}:') :].split('"')[1]
    dock.panel.view.anchorClicked.emit(type(dock.panel.view.source())(last))


def test_enter_captures_the_map_view_and_asks(dock: RsgptDock, serve: Serve) -> None:
    serve("--reply", "a <b>harbour</b> &amp; boats\nand more")
    ask(dock, "What is here?")
    assert dock.panel.stop.isEnabled()
    assert not dock.panel.bar.ask.isEnabled()
    wait_until(lambda: idle(dock))
    assert "What is here?" in shown(dock)
    assert "a <b>harbour</b> &amp; boats\nand more" in shown(dock)  # shown as text, not as markup
    assert "90 % sure" in shown(dock)
    assert dock.conversation.captured_view is not None
    wide, high = dock.conversation.captured_view.sent
    facts = f"ortho\noriginal {wide} × {high} px, sent {wide} × {high} px, 0.5 m per pixel"
    assert dock.panel.picture.facts.text().replace("\u00a0", " ") == facts
    assert max(wide, high) > 300
    assert dock.outline.band.isVisible()
    assert not dock.panel.stop.isEnabled()


def test_the_next_question_is_about_the_same_picture(dock: RsgptDock, serve: Serve, tmp_path: Path) -> None:
    serve("--reply", "yes", "--log", str(tmp_path / "log"))
    ask(dock, "Is there water?", AnswerType.YESNO)
    wait_until(lambda: idle(dock))
    first = dock.conversation.captured_view
    dock._canvas.setExtent(around(100, 100, 50))
    QTest.mouseClick(dock.panel.bar.describe, Qt.MouseButton.LeftButton)
    wait_until(lambda: idle(dock))
    assert dock.conversation.captured_view == first
    asked = [json.loads(line)["prompt"] for line in (tmp_path / "log").read_text().splitlines()]
    assert asked == ["Is there water?", "Describe this image."]
    QTest.mouseClick(dock.panel.picker.view, Qt.MouseButton.LeftButton)  # another place
    wait_until(lambda: idle(dock))
    assert dock.conversation.captured_view != first
    assert shown(dock) == ""


def test_the_answer_is_streamed_and_escape_stops_it(dock: RsgptDock, serve: Serve) -> None:
    QShortcut(QKeySequence("Esc"), dock.window())  # as in QGIS
    serve("--token-delay", "0.05", "--reply", LONG)
    ask(dock, "What is here?")
    wait_until(lambda: "w0 w1 w2" in shown(dock))
    begin = time.monotonic()
    QTest.keyClick(dock.panel.bar.text, Qt.Key.Key_Escape)
    assert idle(dock)
    assert time.monotonic() - begin < 0.3
    assert "Stopped." in shown(dock)
    assert "w0 w1 w2" in shown(dock)
    assert "w399" not in shown(dock)
    wait_until(lambda: not dock.conversation._running, 1.0)


def test_an_answer_below_the_minimum_confidence_is_hidden(dock: RsgptDock, serve: Serve) -> None:
    serve("--reply", "yes")
    save(Preferences(least_confidence=0.95))
    ask(dock, "Is there water?", AnswerType.YESNO)
    wait_until(lambda: idle(dock))
    assert "I can't tell ('yes' would be 90 % sure)." in shown(dock)
    assert 'href="add' not in dock.panel.view.toHtml()


def test_an_answer_is_copied_and_added_to_the_results_layer(dock: RsgptDock, serve: Serve) -> None:
    serve("--reply", "yes")
    ask(dock, "Is there water?", AnswerType.YESNO)
    wait_until(lambda: idle(dock))
    follow(dock, "copy")
    assert QgsApplication.clipboard().text() == "yes"
    follow(dock, "add")
    (layer,) = QgsProject.instance().mapLayersByName("RSGPT answers")
    (row,) = layer.getFeatures()
    assert (row["question"], row["answer"]) == ("Is there water?", "yes")


def test_a_rectangle_is_drawn_and_the_previous_tool_is_restored(dock: RsgptDock, serve: Serve) -> None:
    pan = QgsMapToolPan(dock._canvas)
    dock._canvas.setMapTool(pan)
    port = dock._canvas.viewport()
    QTest.mouseClick(dock.panel.picker.rectangle, Qt.MouseButton.LeftButton)
    assert dock.panel.status.text() == "Drag a rectangle on the map. Press Esc to cancel."
    QTest.keyClick(dock._canvas, Qt.Key.Key_Escape)
    assert dock._canvas.mapTool() is pan
    assert not dock.panel.picker.rectangle.isChecked()
    QTest.mouseClick(dock.panel.picker.rectangle, Qt.MouseButton.LeftButton)
    pixel = dock._canvas.mapUnitsPerPixel()
    QTest.mousePress(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(100, 100))
    QTest.mouseMove(port, QPoint(200, 180))
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(200, 180))
    wait_until(lambda: idle(dock) and dock.conversation.captured_view is not None)
    assert dock._canvas.mapTool() is pan
    sight = dock.conversation.captured_view
    assert sight is not None
    assert sight.extent[2] - sight.extent[0] == pytest.approx(100 * pixel, abs=2)
    assert sight.extent[3] - sight.extent[1] == pytest.approx(80 * pixel, abs=2)


def test_without_a_selected_feature_a_message_is_shown(dock: RsgptDock) -> None:
    QTest.mouseClick(dock.panel.picker.feature, Qt.MouseButton.LeftButton)
    assert "Select one feature" in shown(dock)


def test_after_a_refused_area_nothing_is_asked_about_the_earlier_one(dock: RsgptDock, serve: Serve) -> None:
    serve("--reply", "a harbour")
    ask(dock, "What is here?")
    wait_until(lambda: idle(dock))
    QTest.mouseClick(dock.panel.picker.feature, Qt.MouseButton.LeftButton)
    assert (dock.panel.picture.picture.pixmap.isNull(), dock.conversation.has_place) == (True, False)
    ask(dock, "And now?")
    assert (idle(dock), shown(dock).count("Select one feature"), "And now?" in shown(dock)) == (True, 1, False)
    dock.panel.picker.choose_view()
    wait_until(lambda: idle(dock))
    ask(dock, "And now?")
    wait_until(lambda: "a harbour" in shown(dock))


def test_the_chooser_of_the_raster_is_never_blank(dock: RsgptDock) -> None:
    picker = AreaPicker(dock.panel.picker._iface)  # opened while a raster is in the project
    assert picker.layers.count() > 1
    assert picker.layers.currentText() == "Canvas (topmost raster)"


def test_after_a_restart_the_history_opens_zooms_and_deletes(
    dock: RsgptDock, serve: Serve, raster: QgsRasterLayer
) -> None:
    serve("--reply", "yes")
    ask(dock, "Is there water?", AnswerType.YESNO)
    wait_until(lambda: idle(dock))
    iface = DockWindow()
    iface.canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    later = RsgptDock(iface)
    iface.window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, later)
    iface.window.show()
    later.tabs.setCurrentWidget(later.history)
    assert later.history.list.count() == 1
    assert later.history.list.item(0).text().startswith("Is there water?\northo · ")
    later.history.list.setCurrentRow(0)
    QTest.mouseClick(later.history.zoom, Qt.MouseButton.LeftButton)
    assert iface.canvas.extent().contains(iface.canvas.extent().center())
    assert 14 < iface.canvas.extent().center().x() < 16
    QTest.mouseClick(later.history.open, Qt.MouseButton.LeftButton)
    wait_until(lambda: idle(later))
    assert "Is there water?" in shown(later)
    assert not later.panel.picture.picture.pixmap.isNull()
    later.tabs.setCurrentWidget(later.history)
    later.history.list.setCurrentRow(0)
    QTest.mouseClick(later.history.delete, Qt.MouseButton.LeftButton)
    assert later.history.list.count() == 0
    later.close_down()


def test_without_a_model_the_message_says_how_to_set_it_up(dock: RsgptDock) -> None:
    ask(dock, "What is here?")
    wait_until(lambda: idle(dock))
    assert "Choose Raster ▸ RSGPT ▸ Set up the model…" in shown(dock)


def test_the_dock_fits_a_narrow_window(dock: RsgptDock) -> None:
    assert dock.minimumSizeHint().width() <= 280
