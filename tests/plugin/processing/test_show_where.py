"""End to end with the default model: the things of answers are shown in the table, in the panel, and on the map."""

from __future__ import annotations

from pathlib import Path

import processing
import pytest
from qgis.core import QgsProject, QgsRasterLayer, QgsReferencedRectangle, QgsVectorLayer
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import Qt, QUrl
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QMainWindow

from rsgpt_plugin.client import answer_source
from rsgpt_plugin.client.installed_models import WEIGHTS
from rsgpt_plugin.core.paths import plugin_root
from rsgpt_plugin.gui.dock.conversation_dock import RsgptDock
from rsgpt_plugin.gui.results_table.results_dock import ResultsDock
from rsgpt_plugin.gui.showing.map_marks import MapMarks
from tests.plugin.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("provider", "real_home")]

DEMO = plugin_root() / "resources" / "demo" / "scenes.tif"
QUESTION = "How many airplanes are there?"
PLANES = f"planes[integer]: {QUESTION}\nairport[text]: Is this an airport?"
PATIENCE_S = 120.0


class PanelWindow:
    """The part of QGIS's interface that the panel uses."""

    def __init__(self) -> None:
        self.window = QMainWindow()
        self.canvas = QgsMapCanvas(self.window)
        self.window.setCentralWidget(self.canvas)

    def mainWindow(self) -> QMainWindow:
        return self.window

    def mapCanvas(self) -> QgsMapCanvas:
        return self.canvas

    def activeLayer(self) -> None:
        return None


@pytest.fixture
def weights() -> Path:
    """The shipped models, in place of those without heads that other tests use."""
    return WEIGHTS


@pytest.fixture
def raster() -> QgsRasterLayer:
    return QgsProject.instance().addMapLayer(QgsRasterLayer(str(DEMO), "scenes"))


def scene(raster: QgsRasterLayer) -> QgsReferencedRectangle:
    """Return the extent of the tile with two airplanes: the last one of the first row."""
    box, side = raster.extent(), 256 * raster.rasterUnitsPerPixelX()
    box.setXMinimum(box.xMinimum() + 5 * side)
    box.setXMaximum(box.xMinimum() + side)
    box.setYMinimum(box.yMaximum() - side)
    return QgsReferencedRectangle(box, raster.crs())


def described(raster: QgsRasterLayer, path: Path) -> QgsVectorLayer:
    parameters = {
        "INPUT": raster.id(),
        "EXTENT": scene(raster),
        "QUESTIONS": PLANES,
        "CAPTION": False,
        "TILE_SIZE": 256,
    }
    result = processing.run("rsgpt:describeraster", {**parameters, "OUTPUT": str(path)})
    return QgsProject.instance().addMapLayer(QgsVectorLayer(result["OUTPUT"], "planes"))


def test_counted_objects_are_shown_in_the_table_and_on_the_map(
    raster: QgsRasterLayer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = described(raster, tmp_path / "a.gpkg")
    (feature,) = layer.getFeatures()
    assert feature["planes"] == 2
    assert feature["answered_by"] == "planes: finder; airport: language model"
    dock, canvas = ResultsDock(QgsProject.instance(), QIcon()), QgsMapCanvas()
    canvas.setDestinationCrs(raster.crs())
    marks, review = MapMarks(canvas), dock.review
    review.where.where.changed.connect(marks.show)
    dock.show()
    dock.show_layer(layer)
    wait_until(lambda: len(dock.model.all_rows) == 1)
    menu = dock.view.menu_of(dock.model.index(0, dock.model.number_of("planes")))
    next(action for action in menu.actions() if action.text() == "Show where").trigger()
    wait_until(lambda: review.where.note.text() not in ("", "Looking for it in the picture…"), PATIENCE_S)
    assert review.where.note.text() == "2 × airplane"
    assert marks.outline.band is not None
    of_map = marks.outline.band.asGeometry()
    assert len(of_map.asGeometryCollection()) == 2
    assert feature.geometry().buffer(0.01, 4).contains(of_map)
    with monkeypatch.context() as patch:
        patch.setattr(answer_source, "open_backend", lambda model: pytest.fail("asked the model again"))
        QTest.keyClick(review, Qt.Key.Key_W)
        assert (review.where.note.text(), marks.outline.band) == ("", None)
        QTest.keyClick(review, Qt.Key.Key_W)
        wait_until(lambda: review.where.note.text() == "2 × airplane")  # from the answer cache
    QTest.keyClick(review, Qt.Key.Key_Down)  # the other question
    wait_until(lambda: "Nothing to show" in review.where.note.text(), PATIENCE_S)
    assert marks.outline.band is None
    review.close()
    marks.remove()
    dock.close_all()


def test_counted_objects_are_shown_in_the_panel_and_on_the_map(raster: QgsRasterLayer) -> None:
    iface = PanelWindow()
    iface.canvas.setDestinationCrs(raster.crs())
    iface.canvas.setLayers([raster])
    dock = RsgptDock(iface)
    iface.window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    iface.window.resize(900, 900)
    iface.window.show()
    place = scene(raster)
    place.scale(0.95)
    iface.canvas.setExtent(place)
    QTest.keyClicks(dock.panel.bar.text, QUESTION)
    QTest.keyClick(dock.panel.bar.text, Qt.Key.Key_Return)
    wait_until(lambda: not dock.conversation.is_busy and "sure" in dock.panel.view.toPlainText(), PATIENCE_S)
    assert "found by the finder" in dock.panel.view.toPlainText()
    dock.panel.view.anchorClicked.emit(QUrl("show:0"))
    wait_until(lambda: "× airplane" in dock.panel.view.toPlainText(), PATIENCE_S)
    located = dock.panel.picture.picture.located
    assert located is not None
    count = dock.panel.view._messages[0].answer
    assert str(len(located.shown.points)) == count
    assert dock.marks.outline.band is not None
    assert len(dock.marks.outline.band.asGeometry().asGeometryCollection()) == int(count) > 0
    dock.panel.view.anchorClicked.emit(QUrl("show:0"))  # now “Hide”
    assert dock.marks.outline.band is None
    assert dock.panel.picture.picture.located is None
    assert "Show where" in dock.panel.view.toPlainText()
    dock.close_down()
    iface.window.close()
