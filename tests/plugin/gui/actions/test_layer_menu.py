"""The layer tree's context menu opens the Processing dialog with the layer filled in."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Iterator
from types import ModuleType

import pytest
from qgis.core import (
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsLayerTreeModel,
    QgsMapLayer,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)
from qgis.gui import QgsLayerTreeView, QgsMessageBar
from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QDialog, QMenu

from rsgpt_plugin.gui.actions.layer_menu import LayerMenu


class LayerTreeWindow:
    def __init__(self) -> None:
        self.tree, self.bar = QgsLayerTreeView(), QgsMessageBar()
        self.tree.setModel(QgsLayerTreeModel(QgsProject.instance().layerTreeRoot(), self.tree))

    def layerTreeView(self) -> QgsLayerTreeView:
        return self.tree

    def messageBar(self) -> QgsMessageBar:
        return self.bar

    def entries(self, layer: QgsMapLayer) -> QMenu:
        """Return the context menu of a layer as the tree opens it."""
        menu = QMenu(self.tree)
        self.tree.setCurrentLayer(layer)
        self.tree.contextMenuAboutToShow.emit(menu)
        return menu


@pytest.fixture
def window(scenes: QgsRasterLayer) -> Iterator[LayerTreeWindow]:
    window = LayerTreeWindow()
    menu = LayerMenu(window)
    menu.register()
    yield window
    menu.unregister()
    assert window.entries(scenes).actions() == []


class Dialogs(ModuleType):
    """A fake of the processing module that records the opened dialogs."""

    def __init__(self) -> None:
        super().__init__("processing")
        self.opened: list[tuple[str, dict[str, str]]] = []
        self.references: list[weakref.ref[QDialog]] = []

    def createAlgorithmDialog(self, algorithm: str, parameters: dict[str, str]) -> QDialog:
        self.opened.append((algorithm, parameters))
        dialog = QDialog()
        self.references.append(weakref.ref(dialog))
        return dialog


def choose(window: LayerTreeWindow, layer: QgsMapLayer, *others: str) -> str:
    """Choose the first entry, and return its text. others: the texts of the other entries."""
    entry, *following = [action for action in window.entries(layer).actions() if not action.isSeparator()]
    assert [other.text() for other in following] == list(others)
    entry.trigger()
    return str(entry.text())


def test_each_kind_of_layer_opens_its_algorithm(
    window: LayerTreeWindow, scenes: QgsRasterLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialogs = Dialogs()
    monkeypatch.setitem(sys.modules, "processing", dialogs)
    parcels = QgsVectorLayer("Polygon?crs=EPSG:32611", "parcels", "memory")
    QgsProject.instance().addMapLayer(parcels)
    assert choose(window, scenes, "Find objects…") == "Describe raster…"
    assert choose(window, parcels) == "Describe features…"
    assert dialogs.opened == [
        ("rsgpt:describeraster", {"INPUT": scenes.id()}),
        ("rsgpt:describefeatures", {"FEATURES": parcels.id()}),
    ]
    gc.collect()
    shown = [dialog() for dialog in dialogs.references]
    assert [dialog is not None and dialog.isVisible() for dialog in shown] == [True, True]
    for dialog in shown:
        sip.delete(dialog)


def test_features_are_described_on_the_raster_below_them(
    window: LayerTreeWindow, scenes: QgsRasterLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialogs = Dialogs()
    monkeypatch.setitem(sys.modules, "processing", dialogs)
    parcels = QgsVectorLayer("Polygon?crs=EPSG:4326", "parcels", "memory")
    feature, to_degrees = QgsFeature(), QgsCoordinateTransform(scenes.crs(), parcels.crs(), QgsProject.instance())
    feature.setGeometry(QgsGeometry.fromRect(to_degrees.transformBoundingBox(scenes.extent())))
    parcels.dataProvider().addFeatures([feature])
    parcels.updateExtents()
    QgsProject.instance().addMapLayer(parcels)
    choose(window, parcels)
    assert dialogs.opened == [("rsgpt:describefeatures", {"FEATURES": parcels.id(), "INPUT": scenes.id()})]
    for dialog in dialogs.references:
        sip.delete(dialog())


def test_a_table_without_geometry_has_no_entry(window: LayerTreeWindow) -> None:
    table = QgsVectorLayer("None?field=a:string", "table", "memory")
    QgsProject.instance().addMapLayer(table)
    assert window.entries(table).actions() == []


def test_without_processing_a_message_is_shown(
    window: LayerTreeWindow, scenes: QgsRasterLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "processing", None)
    choose(window, scenes, "Find objects…")
    (item,) = window.bar.items()
    assert "Processing plugin is disabled" in item.text()


def test_objects_are_found_from_the_menu(
    window: LayerTreeWindow, scenes: QgsRasterLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialogs = Dialogs()
    monkeypatch.setitem(sys.modules, "processing", dialogs)
    (entry,) = [action for action in window.entries(scenes).actions() if action.text() == "Find objects…"]
    entry.trigger()
    assert dialogs.opened == [("rsgpt:findobjects", {"INPUT": scenes.id()})]
    sip.delete(dialogs.references[0]())
