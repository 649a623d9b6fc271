"""Fixtures: a canvas with the demo raster, and handlers that record questions."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import pytest
from qgis.core import QgsPointXY, QgsProject, QgsRasterLayer, QgsRectangle, QgsVectorLayer
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QSize

from rsgpt_plugin.gui.actions.canvas_menu import Find
from rsgpt_plugin.services.asking.click_history import AskTarget
from rsgpt_plugin.shared.answers.questions import Question

DEMO = Path(__file__).resolve().parents[3] / "resources" / "demo" / "scenes.tif"


class Noted:
    """Handlers of menu entries that record their calls."""

    def __init__(self) -> None:
        self.asked: list[AskTarget] = []
        self.detailed: list[bool] = []
        self.titles: list[str] = []

    def ask(self, find: Find, question: Optional[Question] = None, detailed: bool = False) -> None:
        self.asked.append(find())
        self.detailed.append(detailed)

    def ask_with_dialog(self, find: Find, title: str) -> None:
        self.asked.append(find())
        self.titles.append(title)


@pytest.fixture
def noted() -> Noted:
    return Noted()


@pytest.fixture
def scenes(qgis_new_project: None) -> QgsRasterLayer:
    """The demo raster in the project, which has the raster's CRS."""
    raster = QgsRasterLayer(str(DEMO), "scenes")
    assert raster.isValid()
    QgsProject.instance().setCrs(raster.crs())
    QgsProject.instance().addMapLayer(raster)
    return raster


@pytest.fixture
def canvas(scenes: QgsRasterLayer) -> QgsMapCanvas:
    """A canvas that shows the whole demo raster."""
    canvas = QgsMapCanvas()
    canvas.resize(QSize(600, 400))
    canvas.setDestinationCrs(scenes.crs())
    canvas.setLayers([scenes])
    canvas.setExtent(scenes.extent())
    return canvas


def box(point: QgsPointXY, side: float) -> QgsRectangle:
    """Return a square around a point."""
    return QgsRectangle.fromCenterAndSize(point, side, side)


def show_above(canvas: QgsMapCanvas, layer: QgsVectorLayer) -> None:
    """Show a layer above the others."""
    canvas.setLayers([layer, *canvas.layers()])
