"""The widgets that follow other parameters read the values that the dialog shows."""

from __future__ import annotations

from typing import Any

import pytest
from processing.gui.AlgorithmDialog import AlgorithmDialog
from qgis.core import QgsProject, QgsRasterLayer

from rsgpt_plugin.gui.questions.parameter_wrapper import project_context
from tests.plugin.gui.questions.test_questions_widget import DEMO, algorithm  # noqa: F401 - a fixture


@pytest.mark.parametrize("name", ["TILE_SIZE", "QUESTIONS"])
def test_a_widget_reads_the_values_of_its_dialog(algorithm: Any, name: str) -> None:  # noqa: F811 - the fixture
    raster = QgsRasterLayer(str(DEMO), "scenes")
    QgsProject.instance().addMapLayer(raster)
    dialog = AlgorithmDialog(algorithm, False, None)
    dialog.setParameters({"INPUT": raster.id(), "TILE_SIZE": 128, "QUESTIONS": "boats: How many boats are there?"})
    wrapper = dialog.mainWidget().wrappers[name]
    values = wrapper.followed_values()
    assert (values["INPUT"], values["TILE_SIZE"]) == (raster.id(), 128)
    assert values["QUESTIONS"] == dialog.mainWidget().wrappers["QUESTIONS"].parameterValue() != ""
    dialog.mainWidget().wrappers["TILE_SIZE"].editor.box.setValue(64)
    assert wrapper.followed_values()["TILE_SIZE"] == 64
    dialog.close()


def test_the_context_has_the_open_project(qgis_new_project: None) -> None:
    assert project_context().project() is QgsProject.instance()
