"""Ways to start a run in a Processing dialog, which is closed during the run. Runs inside QGIS."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsApplication,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProject,
)
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtWidgets import QDialogButtonBox, QTreeView

from tests.reliability.in_qgis.starts import END_S, SIDE, TASK, check_rows, collect, layer_named, layers_with, tasks

from touring.desk import Desk  # isort: skip - importable after `starts`
from touring.hands import (  # isort: skip - the same
    RIGHT, choose, click, click_item, dialog, double_click, item, pick, popup, press, windows, write,
)  # fmt: skip
from touring.steps import Steps, pause, until  # isort: skip - the same

RASTER, FEATURES = "Describe raster", "Describe features"
CLOSE = QDialogButtonBox.StandardButton.Close


def finish_without_dialog(desk: Desk, name: str, kind: str = "AlgorithmDialog", rows: int = 0) -> Steps:
    """Close the running dialog, collect garbage, wait for the end of the run, and check its rows."""
    yield from close_while_it_runs(kind)
    yield from collect()
    yield until(tasks, "the run to continue after its dialog was closed", 1)
    yield until(lambda: not tasks(), "the end of the run", END_S)
    yield from collect()
    yield from check_rows(desk, name, rows)


def close_while_it_runs(kind: str) -> Steps:
    """Press Close during the run. After that, no local variable may refer to the dialog."""
    yield until(tasks, "the run to start")
    yield pause(0.3)
    yield from click(windows(kind)[0].buttonBox().button(CLOSE))
    yield until(lambda: not windows(kind), "the dialog to close")


def fill(name: str) -> Steps:
    """Fill in the dialog with small tiles and a new question, so that the run takes a while."""
    form = yield from dialog("AlgorithmDialog")
    wrappers = form.mainWidget().wrappers
    if "TILE_SIZE" in wrappers:
        box = wrappers["TILE_SIZE"].editor.box
        yield from click(box, QPoint(20, box.height() // 2))
        yield from press(box, "a", Qt.KeyboardModifier.ControlModifier)
        yield from write(box, str(SIDE))
    if "FEATURES" in wrappers:
        wrappers["INPUT"].setParameterValue(layer_named("raster").id(), form.processingContext())
    builder = wrappers["QUESTIONS"].editor
    yield from click(builder.as_text)
    field = builder.lines
    yield from click(field)
    yield until(lambda: form.focusWidget() is field, "the questions field to have the focus", 5)
    yield from write(form, f"{name}[text]: say {name}")


def run(name: str) -> Steps:
    """Fill in the dialog that opens, and press Run."""
    yield from fill(name)
    yield from click(windows("AlgorithmDialog")[0].runButton())


def layer_menu(desk: Desk, name: str, layer: str, text: str) -> Steps:
    tree = desk.iface.layerTreeView()
    yield from click_item(tree, item(tree, layer))
    yield from click_item(tree, item(tree, layer), RIGHT)
    yield from pick((yield from popup()), f"{text}…")
    yield from collect()
    yield from run(name)
    yield from finish_without_dialog(desk, name)


def toolbox(desk: Desk, name: str, text: str) -> Steps:
    yield from open_in_toolbox(desk, text)
    yield from run(name)
    yield from finish_without_dialog(desk, name)


def open_in_toolbox(desk: Desk, text: str) -> Steps:
    """Search for an algorithm and double-click it; its dialog uses the current layer."""
    desk.iface.setActiveLayer(layer_named("parcels" if text == FEATURES else "raster"))
    box = desk.dock("ProcessingToolbox")
    if not box.isVisible():
        box.setUserVisible(True)
        yield until(box.isVisible, "the Toolbox")
    box.searchBox.setText(text)
    yield pause(0.3)
    tree = box.algorithmTree
    tree.expandAll()
    index = item(tree, text)
    yield from double_click(tree.viewport(), tree.visualRect(index).center())


def batch(desk: Desk, name: str) -> Steps:
    """Use "Run as batch process" of the algorithm dialog with two rows."""
    yield from open_in_toolbox(desk, RASTER)
    form = yield from dialog("AlgorithmDialog")
    yield from click(form.runAsBatchButton)
    del form
    yield from dialog("BatchAlgorithmDialog")
    fill_in_batch(windows("BatchAlgorithmDialog")[0].mainWidget(), name)
    yield from click(windows("BatchAlgorithmDialog")[0].mainWidget().checkLoadLayersOnCompletion, QPoint(10, 10))
    yield from click(windows("BatchAlgorithmDialog")[0].runButton())
    yield from finish_without_dialog(desk, name, kind="BatchAlgorithmDialog", rows=2 * TASK["tiles"])


def fill_in_batch(table: Any, name: str) -> None:
    table.addRow(1)
    for row in range(2):
        question = f"{name}[text]: say {name} {row}"
        values = {"INPUT": layer_named("raster").id(), "TILE_SIZE": SIDE, "QUESTIONS": question}
        for parameter, value in values.items():
            table.wrappers[row][table.parameter_to_column[parameter]].setParameterValue(value, table.processing_context)
        output = table.tblParameters.cellWidget(row + 1, table.parameter_to_column["OUTPUT"])
        output.setValue("TEMPORARY_OUTPUT")


def designer(desk: Desk, name: str) -> Steps:
    """Press Run in the model designer, for a model with the algorithm."""
    from processing.modeler.ModelerDialog import ModelerDialog

    model = model_of(name)
    ModelerDialog.create(model).show()
    window = yield from dialog("ModelerDialog")
    entry = next(action for action in window.toolbar().actions() if action.objectName() == "mActionRun")
    yield from click(window.toolbar().widgetForAction(entry))
    yield from dialog("AlgorithmDialog")
    yield from click(windows("AlgorithmDialog")[0].runButton())
    del window, entry
    yield from finish_without_dialog(desk, name)
    yield from press(windows("ModelerDialog")[0], "w", Qt.KeyboardModifier.ControlModifier)
    for window in windows("ModelerDialog"):
        window.setDirty(False)
        window.close()


def model_run(desk: Desk, name: str) -> Steps:
    QgsApplication.processingRegistry().providerById("project").add_model(model_of(name))
    yield from open_in_toolbox(desk, name)
    yield from dialog("AlgorithmDialog")
    yield from click(windows("AlgorithmDialog")[0].runButton())
    yield from finish_without_dialog(desk, name)


def model_of(name: str) -> QgsProcessingModelAlgorithm:
    child = QgsProcessingModelChildAlgorithm("rsgpt:describeraster")
    child.setChildId("describe")
    value = QgsProcessingModelChildParameterSource.fromStaticValue
    parameters = {"TILE_SIZE": SIDE, "QUESTIONS": f"{name}[text]: say {name}", "INPUT": layer_named("raster").id()}
    for parameter, content in parameters.items():
        child.addParameterSources(parameter, [value(content)])
    output = QgsProcessingModelOutput("described")
    output.setChildId("describe")
    output.setChildOutputName("OUTPUT")
    child.setModelOutputs({"described": output})
    model = QgsProcessingModelAlgorithm(name, "tests")
    model.addChildAlgorithm(child)
    model.updateDestinationParameters()
    return model


def history(desk: Desk, name: str) -> Steps:
    """Repeat the latest entry of the Processing history."""
    yield from toolbox(desk, "before", RASTER)
    yield from choose(desk.window, "processing", "History…")
    shown = yield from dialog("QgsProcessingHistoryDialog")
    desk.pictures.screen("history")
    tree = next(view for view in shown.findChildren(QTreeView) if view.isVisible())
    yield pause(0.5)
    day = tree.model().index(0, 0)
    tree.expand(day)
    yield pause(0.3)
    entry = tree.model().index(0, 0, day)
    yield from double_click(tree.viewport(), tree.visualRect(entry).center())
    yield from dialog("AlgorithmDialog")
    desk.pictures.screen("history")
    yield from collect()
    form = windows("AlgorithmDialog")[0]
    form.mainWidget().wrappers["QUESTIONS"].setParameterValue(f"{name}[text]: say {name}", form.processingContext())
    del form
    yield from click(windows("AlgorithmDialog")[0].runButton())
    yield from finish_without_dialog(desk, name)
    yield from press(shown, Qt.Key.Key_Escape)


def resumed(desk: Desk, name: str) -> Steps:
    """Pause a run in the list of runs, and resume it."""
    yield from open_in_toolbox(desk, RASTER)
    yield from run(name)
    yield from close_while_it_runs("AlgorithmDialog")
    yield from choose(desk.window, *desk.entry("RunsPart", "Runs…"))
    runs = yield from dialog("RunsDialog")
    yield from click_item(runs.view, runs.model.index(0, 0))
    yield from click(runs.pause)
    yield until(runs.resume.isEnabled, "the run to be paused", END_S)
    yield from collect()
    yield until(lambda: windows("AlgorithmDialog"), "QGIS to show the dialog of a cancelled run")
    yield from click(windows("AlgorithmDialog")[0].buttonBox().button(CLOSE))
    for layer in layers_with(name):
        QgsProject.instance().removeMapLayer(layer)
    yield from click(runs.resume)
    yield from press(runs, Qt.Key.Key_Escape)
    yield until(tasks, "the run to resume")
    yield from collect()
    yield until(lambda: not tasks(), "the end of the run", END_S)
    yield from choose(desk.window, *desk.entry("RunsPart", "Runs…"))
    yield from click(runs.open)
    yield from check_rows(desk, name)
    yield from press(runs, Qt.Key.Key_Escape)
