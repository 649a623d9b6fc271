"""The dock with keys and clicks: words, examples, the cut, the map, and a layer of the results."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsProject, QgsRasterLayer, QgsRectangle
from qgis.gui import QgsMapCanvas, QgsRubberBand
from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QFileDialog, QMainWindow

from rsgpt_plugin.gui.search.search_dock import SearchDock
from tests.plugin.processing import conftest as scripted
from tests.plugin.processing.conftest import numbered
from tests.plugin.processing.searching import conftest as fakes
from tests.plugin.processing.searching.conftest import SearchingModel
from tests.plugin.rasters import NORTH_UP, write
from tests.plugin.results import fids, keep_pictures, results_layer
from tests.plugin.waiting import wait_until

project, raster, searching = scripted.project, scripted.raster, fakes.searching


class CanvasWindow:
    """The part of QGIS's interface that the dock uses."""

    def __init__(self) -> None:
        self.window = QMainWindow()
        self.canvas = QgsMapCanvas(self.window)
        self.window.setCentralWidget(self.canvas)

    def mainWindow(self) -> QMainWindow:
        return self.window

    def mapCanvas(self) -> QgsMapCanvas:
        return self.canvas


@pytest.fixture
def dock(searching: SearchingModel, settings: None) -> Iterator[SearchDock]:
    iface = CanvasWindow()
    dock = SearchDock(iface, QgsProject.instance())
    iface.window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    iface.window.resize(1000, 600)
    iface.window.show()
    QCoreApplication.processEvents()
    dock.size.setValue(32)
    yield dock
    dock.close_down()
    iface.window.close()


@pytest.fixture
def tiles(raster: Any, dock: SearchDock) -> QgsRasterLayer:
    layer: QgsRasterLayer = raster(numbered(2, 3))
    canvas = dock._canvas
    canvas.setDestinationCrs(layer.crs())
    canvas.setExtent(layer.extent())
    dock.layers.setLayer(layer)
    return layer


def search(dock: SearchDock, words: str) -> list[int]:
    """Type words and press Enter; return the numbers of the pictures shown, best first."""
    dock.words.clear()
    QTest.keyClicks(dock.words, words)
    QTest.keyClick(dock.words, Qt.Key.Key_Return)
    return shown(dock)


def shown(dock: SearchDock) -> list[int]:
    wait_until(lambda: not dock.service.busy)
    return [match.number for match in dock.model.shown]


def click_on(dock: SearchDock, line: int) -> None:
    place = dock.view.visualRect(dock.model.index(line)).center()
    QTest.mouseClick(dock.view.viewport(), Qt.MouseButton.LeftButton, pos=place)


def outlines(dock: SearchDock) -> list[QgsRectangle]:
    items = dock._canvas.scene().items()
    bands = [item.asGeometry() for item in items if isinstance(item, QgsRubberBand)]
    return [band.boundingBox() for band in bands if not band.isEmpty()]


def test_words_a_click_and_the_cut(dock: SearchDock, tiles: QgsRasterLayer) -> None:
    assert search(dock, "4")[0] == 4
    assert not dock.notice.isVisible()
    click_on(dock, 0)
    assert dock.model.answer is not None
    tile = dock.model.answer.loaded.pictures.geometry(4).boundingBox()
    assert outlines(dock) == [tile]
    assert dock._canvas.extent().contains(tile)
    best = dock.model.shown[0].similarity
    dock.cut.setValue(int(best * 100))
    assert all(match.similarity >= int(best * 100) / 100 for match in dock.model.shown)
    assert outlines(dock) == []
    dock.cut.setValue(100)
    assert (dock.model.shown, dock.save.isEnabled()) == ([], False)


def test_like_the_selected_tile_and_like_a_rectangle(dock: SearchDock, tiles: QgsRasterLayer) -> None:
    assert not dock.like_tile.isEnabled()
    search(dock, "0")
    dock.like_tile.click()
    assert "Select a picture" in dock.notice.text()
    dock.view.setCurrentIndex(dock.model.index(5))
    number = dock.model.shown[5].number
    dock.like_tile.click()
    assert shown(dock)[0] == number
    side = 32 * NORTH_UP[1]
    dock.tool.drawn.emit(QgsRectangle(NORTH_UP[0], NORTH_UP[3] - side, NORTH_UP[0] + side, NORTH_UP[3]))
    assert shown(dock)[0] == 0


def test_a_folder_of_rasters(dock: SearchDock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a.tif", numbered(1, 2))
    write(tmp_path / "b.tif", numbered(1, 2) + 10)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *arguments: str(tmp_path))
    assert not dock.search.isEnabled()
    dock.folder.click()
    assert (dock.layers.folder, dock.search.isEnabled()) == (str(tmp_path), True)
    assert search(dock, "11")[0] == 3
    dock.view.setCurrentIndex(dock.model.index(0))
    dock.like_tile.click()
    assert shown(dock)[0] == 3
    answer = dock.model.answer
    assert answer is not None
    rasters = [answer.loaded.pictures.source(number).raster for number in range(4)]
    assert [Path(name).name for name in rasters] == ["a.tif", "a.tif", "b.tif", "b.tif"]
    wait_until(lambda: dock.thumbnails.get(answer.sha256(dock.model.shown[3])) is not None)
    dock.save.click()
    (saved,) = QgsProject.instance().mapLayers().values()
    assert {Path(row["raster"]).name for row in saved.getFeatures()} == {"a.tif", "b.tif"}


def test_nothing_that_sure(dock: SearchDock, tiles: QgsRasterLayer) -> None:
    search(dock, "35")
    assert "Nothing that sure" in dock.notice.text()
    assert dock.notice.isVisible()
    assert len(dock.model.shown) == 6


def test_the_results_become_a_layer(dock: SearchDock, tiles: QgsRasterLayer) -> None:
    search(dock, "4")
    dock.save.click()
    (saved,) = [layer for layer in QgsProject.instance().mapLayers().values() if layer is not tiles]
    assert (saved.name(), saved.featureCount()) == ("Search: 4", 6)


def test_selection_of_a_results_layer(dock: SearchDock) -> None:
    layer = results_layer(["a", "b", "c"])
    keep_pictures([0, 1, 2])
    dock.layers.setLayer(layer)
    assert not dock.like_area.isEnabled()
    assert len(search(dock, "1")) == 3
    click_on(dock, 1)
    (chosen,) = layer.selectedFeatureIds()
    assert chosen == fids(layer)[dock.model.shown[1].number]
    layer.selectByIds([fids(layer)[2]])
    assert [match.number for match in dock.link.selected()] == [2]
    dock.view.clearSelection()
    layer.selectByIds([fids(layer)[0]])
    dock.like_tile.click()
    assert 0 in shown(dock)
    QgsProject.instance().removeMapLayer(layer)
    assert dock.layers.currentLayer() is None


def test_failures_are_shown(dock: SearchDock, tiles: QgsRasterLayer, searching: SearchingModel) -> None:
    searching.dies_after = 2
    search(dock, "4")
    assert "server stopped" in dock.notice.text()
    searching.dies_after = 10**9
    searching.bad = (5,)
    search(dock, "4")
    assert "1 pictures are left out" in dock.notice.text()
