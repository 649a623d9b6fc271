"""“Style as results” in the layer tree, and the offer for results layers without a style."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsLayerTreeModel,
    QgsMapLayer,
    QgsPalLayerSettings,
    QgsProject,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.gui import QgsLayerTreeView, QgsMessageBar
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtWidgets import QMenu, QPushButton

from rsgpt_plugin.errors import OutputError
from rsgpt_plugin.geo.results.styles.stored_style import StylePlace, store_style
from rsgpt_plugin.gui.actions.result_styling import ResultStyling
from rsgpt_plugin.services import background_task
from tests.plugin.results import has_stored_style, results_layer

pytestmark = pytest.mark.usefixtures("qgis_new_project", "settings")

Wait = Callable[[Callable[[], bool]], None]


class LayersWindow:
    """The layer tree and the message bar of QGIS."""

    def __init__(self) -> None:
        self.tree, self.bar = QgsLayerTreeView(), QgsMessageBar()
        self.tree.setModel(QgsLayerTreeModel(QgsProject.instance().layerTreeRoot(), self.tree))

    def layerTreeView(self) -> QgsLayerTreeView:
        return self.tree

    def messageBar(self) -> QgsMessageBar:
        return self.bar

    def entries(self, layer: QgsMapLayer) -> QMenu:
        """Return the context menu of a layer."""
        menu = QMenu(self.tree)
        self.tree.setCurrentLayer(layer)
        self.tree.contextMenuAboutToShow.emit(menu)
        return menu


@pytest.fixture
def window() -> Iterator[LayersWindow]:
    window = LayersWindow()
    part = ResultStyling(window)
    part.register()
    yield window
    part.unregister()


def settle() -> None:
    """Let the part look at the layers that were added."""
    for _ in range(5):
        QCoreApplication.processEvents()
    while background_task._running:
        QCoreApplication.processEvents()


def test_a_layer_without_a_style_is_offered_one_once(window: LayersWindow, tmp_path: Path, wait_until: Wait) -> None:
    layer = results_layer(["a harbor"], "GPKG", tmp_path)
    wait_until(lambda: window.bar.currentItem() is not None)
    assert "“answers” holds results of RSGPT" in window.bar.currentItem().text()
    (button,) = [b for b in window.bar.currentItem().findChildren(QPushButton) if b.text() == "Style as results"]
    button.click()
    assert layer.renderer().type() == "RuleRenderer"
    wait_until(lambda: has_stored_style(layer.source()))
    assert [item.text() for item in window.bar.items()] == []


def test_no_style_is_offered_after_it_was_declined(window: LayersWindow, tmp_path: Path, wait_until: Wait) -> None:
    layer = results_layer(["a harbor"], "GPKG", tmp_path)
    wait_until(lambda: window.bar.currentItem() is not None)
    window.bar.clearWidgets()
    kept = layer.clone()
    QgsProject.instance().removeMapLayer(layer)
    QgsProject.instance().addMapLayer(kept)
    settle()
    assert [item.text() for item in window.bar.items()] == []


@pytest.mark.parametrize("kind", ["our style", "style file"])
def test_no_style_is_offered_where_one_is_stored(
    window: LayersWindow, tmp_path: Path, wait_until: Wait, kind: str
) -> None:
    layer = results_layer(["a harbor"], "GPKG", tmp_path)
    wait_until(lambda: window.bar.currentItem() is not None)
    window.bar.clearWidgets()
    if kind == "our style":
        store_style(layer.source())
    else:
        layer.saveNamedStyle(str(tmp_path / "answers.qml"))
    QgsProject.instance().removeAllMapLayers()
    options = QgsVectorLayer.LayerOptions(loadDefaultStyle=False)
    QgsProject.instance().addMapLayer(QgsVectorLayer(str(tmp_path / "answers.gpkg"), "again", "ogr", options))
    settle()
    assert [item.text() for item in window.bar.items()] == []


def test_no_style_is_offered_for_layers_in_memory_and_other_data(window: LayersWindow) -> None:
    results_layer(["in memory"])
    QgsProject.instance().addMapLayer(QgsVectorLayer("Polygon?field=a", "other data", "memory"))
    settle()
    assert [item.text() for item in window.bar.items()] == []


def test_layers_of_a_project_keep_the_style_of_the_project(window: LayersWindow, tmp_path: Path) -> None:
    layer = results_layer(["a harbor"], "GPKG", tmp_path)
    settle()
    layer.removeCustomProperty("rsgpt/style_offered")
    project = QgsProject.instance()
    assert project.write(str(tmp_path / "a.qgz"))
    window.bar.clearWidgets()
    assert project.read(str(tmp_path / "a.qgz"))
    assert len(project.mapLayers()) == 1
    settle()
    assert [item.text() for item in window.bar.items()] == []


def test_the_layer_tree_styles_results_only(window: LayersWindow, tmp_path: Path, wait_until: Wait) -> None:
    layer = results_layer(["a harbor"], "GPKG", tmp_path)
    other = QgsProject.instance().addMapLayer(QgsVectorLayer("Polygon?field=a", "other data", "memory"))
    assert window.entries(other).actions() == []
    (action,) = window.entries(layer).actions()
    assert action.text() == "Style as results"
    action.trigger()
    assert "caption" in layer.mapTipTemplate()
    wait_until(lambda: has_stored_style(layer.source()))


def test_a_locked_file_is_reported(window: LayersWindow, tmp_path: Path, wait_until: Wait) -> None:
    layer = results_layer(["a harbor"], "GPKG", tmp_path)
    settle()
    window.bar.clearWidgets()
    with closing(sqlite3.connect(tmp_path / "answers.gpkg", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        window.entries(layer).actions()[0].trigger()
        assert "caption" in layer.mapTipTemplate()
        wait_until(lambda: window.bar.currentItem() is not None)
    assert "being written by another program" in window.bar.currentItem().text()


def texts(window: LayersWindow) -> list[str]:
    return [item.text() for item in window.bar.items()]


def test_offers_without_an_answer_are_repeated_with_the_next_one(
    window: LayersWindow, tmp_path: Path, wait_until: Wait
) -> None:
    layers = []
    for name in ("first", "second", "third"):
        (tmp_path / name).mkdir()
        layers.append(results_layer([name], "GPKG", tmp_path / name))
        layers[-1].setName(name)
        settle()
    assert len(window.bar.items()) == 1
    assert "“first, second, third”" in texts(window)[0]
    window.entries(layers[0]).actions()[0].trigger()
    assert "“second, third”" in texts(window)[0]
    assert [bool(layer.customProperty("rsgpt/style_offered")) for layer in layers] == [True, False, False]
    window.bar.popWidget(window.bar.currentItem())
    settle()
    assert texts(window) == []
    assert [bool(layer.customProperty("rsgpt/style_offered")) for layer in layers] == [True, True, True]
    assert [layer.renderer().type() for layer in layers] == ["RuleRenderer", "singleSymbol", "singleSymbol"]


def test_a_damaged_file_does_not_hide_others(
    window: LayersWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_style = StylePlace.has_style

    def look(place: StylePlace) -> bool:
        if "bad" in place.path.parts:
            raise OutputError("damaged")
        return has_style(place)

    monkeypatch.setattr(StylePlace, "has_style", look)
    added = []
    for name in ("bad", "good"):
        (tmp_path / name).mkdir()
        source = results_layer([name], "GPKG", tmp_path / name).source()
        added.append(QgsVectorLayer(source, name, "ogr"))
    QgsProject.instance().removeAllMapLayers()
    settle()
    window.bar.clearWidgets()
    QgsProject.instance().addMapLayers(added)
    settle()
    assert len(window.bar.items()) == 1
    assert "“good”" in texts(window)[0]


def test_searches_end_with_the_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wait_until: Wait) -> None:
    window, go = LayersWindow(), threading.Event()
    looked: list[Path] = []

    def look(place: StylePlace) -> bool:
        looked.append(place.path)
        return not go.wait(10)

    monkeypatch.setattr(StylePlace, "has_style", look)
    part = ResultStyling(window)
    part.register()
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        results_layer([name], "GPKG", tmp_path / name)
        wait_until(partial(looked.__contains__, tmp_path / name / "answers.gpkg"))
    part.unregister()
    go.set()
    settle()
    assert texts(window) == []


def test_a_layer_with_a_style_of_its_own_is_not_offered_another(window: LayersWindow, tmp_path: Path) -> None:
    results_layer(["a harbor"], "GPKG", tmp_path)
    settle()
    window.bar.clearWidgets()
    QgsProject.instance().removeAllMapLayers()
    for number in range(2):
        layer = QgsVectorLayer(str(tmp_path / "answers.gpkg"), "again", "ogr")
        if number:
            layer.setLabeling(QgsVectorLayerSimpleLabeling(QgsPalLayerSettings()))
            layer.setLabelsEnabled(True)
        else:
            layer.setRenderer(QgsCategorizedSymbolRenderer("status", []))
        QgsProject.instance().addMapLayer(layer)
    settle()
    assert texts(window) == []
