"""The parameter QUESTIONS has the builder as its widget in the dialogs of Processing, and its value stays text."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from processing.gui.AlgorithmDialog import AlgorithmDialog
from processing.gui.BatchAlgorithmDialog import BatchAlgorithmDialog
from processing.modeler.ModelerParametersDialog import ModelerParametersDialog
from qgis.core import (
    NULL,
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingModelAlgorithm,
    QgsProject,
    QgsRasterLayer,
)
from qgis.gui import QgsProcessingModelerParameterWidget
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QMessageBox

from rsgpt_plugin.errors import RsgptError
from rsgpt_plugin.gui.questions import questions_widget
from rsgpt_plugin.gui.questions.question_builder import QuestionBuilder
from rsgpt_plugin.gui.questions.question_line import QuestionDialog, QuestionLine
from rsgpt_plugin.gui.questions.questions_widget import QuestionsWidget
from rsgpt_plugin.gui.questions.run_preview import RunPreview
from rsgpt_plugin.gui.questions.trial_dialog import TrialDialog
from rsgpt_plugin.processing.provider import RsgptProvider
from rsgpt_plugin.services.background_task import BackgroundTask
from rsgpt_plugin.services.runs.trial_run import Trial, TrialRow

DEMO = Path(__file__).resolve().parents[4] / "resources" / "demo" / "scenes.tif"
TEXT = "water[yesno]: Is there any water?\nuse[choice(city|forest)]: Which kind?"


@pytest.fixture
def algorithm(qgis_new_project: None, qgis_processing: None) -> Iterator[Any]:
    provider, widget = RsgptProvider(), QuestionsWidget()
    widget.register()
    QgsApplication.processingRegistry().addProvider(provider)
    yield QgsApplication.processingRegistry().algorithmById("rsgpt:describeraster").create()
    widget.unregister()
    QgsApplication.processingRegistry().removeProvider(provider)


def test_the_algorithm_dialog_has_a_builder(algorithm: Any) -> None:
    dialog = AlgorithmDialog(algorithm, False, None)
    gc.collect()
    (builder,) = dialog.findChildren(QuestionBuilder)
    dialog.setParameters({"QUESTIONS": TEXT})
    assert [row.name.text() for row in builder.rows] == ["water", "use"]
    wrapper = dialog.mainWidget().wrappers["QUESTIONS"]
    assert wrapper.parameterValue() == TEXT
    (preview,) = dialog.findChildren(RunPreview)
    raster = QgsRasterLayer(str(DEMO), "scenes")
    QgsProject.instance().addMapLayer(raster)
    dialog.setParameters({"QUESTIONS": TEXT, "INPUT": raster.id(), "CAPTION": False})
    QTest.qWait(500)
    assert preview.label.text().startswith("24 tile(s) × 2 = 48 answers")
    builder.rows[1].text.setText("")
    QTest.qWait(500)
    assert preview.label.text() == ""
    builder.rows[0].text.setText("Why is it red?")
    assert builder.rows[0].problem.text() == "rsgpt-small cannot tell a reason from a picture"
    dialog.mainWidget().wrappers["MODEL"].setParameterValue("another", QgsProcessingContext())
    assert builder.rows[0].problem.text() == ""
    builder.rows[1].text.setText("Which kind?")
    builder.rows[0].text.setText("Is there a lake?")
    gc.collect()
    assert wrapper.parameterValue() == TEXT.replace("any water", "a lake")
    dialog.close()


def test_the_questions_are_tried_with_the_values_of_the_dialog(algorithm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[tuple[str, dict[str, Any]]] = []

    def try_out(name: str, values: dict[str, Any], project: QgsProject) -> BackgroundTask:
        if values["TILE_SIZE"] != 256:
            raise RsgptError("Choose another tile size.")
        tried.append((name, values))
        return BackgroundTask("trial", lambda task: Trial(("water",), (TrialRow(b"", ("yes",), ""),)))

    monkeypatch.setattr(questions_widget, "trial_run", try_out)
    warnings: list[str] = []
    monkeypatch.setattr(QMessageBox, "warning", lambda parent, title, text: warnings.append(text))
    raster = QgsRasterLayer(str(DEMO), "scenes")
    QgsProject.instance().addMapLayer(raster)
    dialog = AlgorithmDialog(algorithm, False, None)
    dialog.setParameters({"QUESTIONS": TEXT, "INPUT": raster.id()})
    QTest.qWait(500)
    (preview,) = dialog.findChildren(RunPreview)
    assert preview.try_out.text() == "Try on 3 tile(s)…"
    preview.try_out.click()
    (trial,) = preview.findChildren(TrialDialog)
    QTest.qWait(300)
    assert trial.table.item(0, 1).text() == "yes"
    ((name, values),) = tried
    assert (name, values["QUESTIONS"], values["INPUT"]) == ("rsgpt:describeraster", TEXT, raster.id())
    dialog.mainWidget().wrappers["TILE_SIZE"].setParameterValue(128, QgsProcessingContext())
    preview.try_out.click()
    assert warnings == ["Choose another tile size."]
    dialog.close()


def test_a_value_that_is_set_is_announced_and_null_is_no_question(algorithm: Any) -> None:
    dialog = AlgorithmDialog(algorithm, False, None)
    wrapper = dialog.mainWidget().wrappers["QUESTIONS"]
    values: list[str] = []
    wrapper.widgetValueHasChanged.connect(lambda changed: values.append(changed.widgetValue()))
    context = QgsProcessingContext()
    for value in (TEXT, NULL, None):
        wrapper.setParameterValue(value, context)
    assert values == [TEXT, "", ""]
    dialog.close()


def test_batch_mode_has_a_line(algorithm: Any) -> None:
    dialog = BatchAlgorithmDialog(algorithm, None)
    gc.collect()
    (line,) = dialog.findChildren(QuestionLine)
    line.line.setText(TEXT)  # as pasted
    assert line.text() == TEXT.replace("\n", "; ")
    panel = dialog.mainWidget()
    wrapper = panel.wrappers[0][panel.parameter_to_column["QUESTIONS"]]
    assert wrapper.parameterValue() == TEXT.replace("\n", "; ")
    panel.addRow()
    gc.collect()
    assert len(dialog.findChildren(QuestionLine)) == 2
    dialog.close()


def test_the_rows_of_batch_mode_follow_the_model_of_their_line(algorithm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    problems: list[str] = []

    def look(dialog: QuestionDialog) -> int:
        problems.append(dialog.builder.rows[0].problem.text())
        return 0

    monkeypatch.setattr(QuestionDialog, "exec", look)
    dialog = BatchAlgorithmDialog(algorithm, None)
    panel = dialog.mainWidget()
    (line,) = dialog.findChildren(QuestionLine)
    line.line.setText("Why is it red?")
    line.edit.click()
    panel.wrappers[0][panel.parameter_to_column["MODEL"]].setParameterValue("another", QgsProcessingContext())
    line.edit.click()
    assert problems == ["rsgpt-small cannot tell a reason from a picture", ""]
    dialog.close()


def test_the_modeler_has_a_builder(algorithm: Any) -> None:
    model = QgsProcessingModelAlgorithm()
    dialog = ModelerParametersDialog(algorithm, model)
    gc.collect()
    (builder,) = dialog.findChildren(QuestionBuilder)
    builder.show_text(TEXT)
    wrapper = dialog.widget.widget.wrappers["QUESTIONS"]
    assert isinstance(wrapper, QgsProcessingModelerParameterWidget)
    assert wrapper.value().staticValue() == TEXT
    dialog.close()
