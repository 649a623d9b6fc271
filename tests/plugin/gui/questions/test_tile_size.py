"""The tile size is a number of pixels, which is also entered and shown in meters if the resolution is known."""

from __future__ import annotations

from typing import Any

import pytest
from processing.gui.AlgorithmDialog import AlgorithmDialog
from processing.gui.BatchAlgorithmDialog import BatchAlgorithmDialog
from processing.modeler.ModelerParametersDialog import ModelerParametersDialog
from qgis.core import QgsProcessingContext, QgsProcessingModelAlgorithm, QgsProject, QgsRasterLayer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QLabel

from rsgpt_plugin.gui.questions.tile_size import TileSizeBox
from tests.plugin.gui.questions.test_questions_widget import DEMO, algorithm  # noqa: F401 - a fixture


@pytest.fixture
def box(qgis_app: object) -> TileSizeBox:
    return TileSizeBox()


def test_the_size_is_shown_in_both_units(box: TileSizeBox) -> None:
    assert (box.pixels(), box.box.value(), box.other.text(), box.unit.isEnabled()) == (256, 256, "", False)
    box.set_resolution(0.3)
    assert box.other.text() == "= 76.8 m"
    box.unit.setCurrentIndex(1)
    assert (box.box.value(), box.other.text(), box.pixels()) == (76.8, "= 256 pixels", 256)
    box.box.setValue(100)
    assert (box.pixels(), box.other.text()) == (333, "= 333 pixels")
    box.unit.setCurrentIndex(0)
    assert (box.box.value(), box.other.text()) == (333, "= 99.9 m")


def test_meters_are_kept_with_another_resolution(box: TileSizeBox) -> None:
    changes: list[int] = []
    box.changed.connect(lambda: changes.append(box.pixels()))
    box.set_resolution(0.5)
    box.unit.setCurrentIndex(1)
    box.box.setValue(100)
    box.set_resolution(0.25)
    assert (changes, box.box.value()) == ([200, 400], 100)
    box.set_resolution(0.01)  # 10,000 pixels are too many
    assert (box.pixels(), box.other.text()) == (1024, "= 1024 pixels")
    box.set_resolution(None)
    assert (box.box.value(), box.unit.currentText(), box.other.text()) == (1024, "pixels", "")


def test_the_dialog_follows_the_raster_and_passes_on_pixels(algorithm: Any) -> None:  # noqa: F811 - the fixture
    raster = QgsRasterLayer(str(DEMO), "scenes")
    QgsProject.instance().addMapLayer(raster)
    dialog = AlgorithmDialog(algorithm, False, None)
    dialog.setParameters({"INPUT": raster.id(), "TILE_SIZE": 128})
    wrapper = dialog.mainWidget().wrappers["TILE_SIZE"]
    size = wrapper.editor
    assert (wrapper.parameterValue(), size.other.text()) == (128, "= 38.42 m")
    labels = [label.text() for label in dialog.findChildren(QLabel) if "Tile size" in label.text()]
    assert labels == ["Tile size"]  # the unit is beside the number
    size.unit.setCurrentIndex(1)
    size.box.selectAll()
    QTest.keyClicks(size.box, "60\t")
    assert wrapper.parameterValue() == 200
    assert dialog.createProcessingParameters()["TILE_SIZE"] == 200
    dialog.close()


def test_batch_mode_and_the_modeler_have_the_usual_number(algorithm: Any) -> None:  # noqa: F811 - the fixture
    batch = BatchAlgorithmDialog(algorithm, None)
    panel = batch.mainWidget()
    wrapper = panel.wrappers[0][panel.parameter_to_column["TILE_SIZE"]]
    wrapper.setParameterValue(128, QgsProcessingContext())
    assert wrapper.parameterValue() == 128
    batch.close()
    modeler = ModelerParametersDialog(algorithm, QgsProcessingModelAlgorithm())
    assert modeler.widget.widget.wrappers["TILE_SIZE"].value().staticValue() == 256
    assert modeler.findChildren(TileSizeBox) == []
    modeler.close()
