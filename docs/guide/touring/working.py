"""Stops of the tour about many places: Processing, the results table, runs and the map."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtWidgets import QDialogButtonBox, QTableView

from .desk import ANSWER_S, Desk, translated
from .hands import (
    RIGHT,
    cell,
    choose,
    click,
    click_item,
    dialog,
    double_click,
    hover,
    item,
    pick,
    popup,
    press,
    windows,
    write,
)
from .steps import Steps, pause, until

_QUESTIONS = "scene[text]: What kind of area is this?\ntrees[yesno]: Are there any trees?\n"
_LAST_QUESTION = "roads[yesno]: Are there any roads?\n"
_RATE = 3  # column of the list of runs


def describe_raster(desk: Desk) -> Steps:
    """Run Describe raster… from the layer's context menu with two questions; the results layer gets a style."""
    yield from _run(desk, _QUESTIONS, "processing")
    yield until(desk.tiles, "the results layer", 3 * ANSWER_S)
    form = yield from dialog("AlgorithmDialog")
    yield pause(1.0)
    desk.pictures.screen("processing-done")
    yield from click(form.buttonBox().button(QDialogButtonBox.StandardButton.Close))


def work_in_table(desk: Desk) -> Steps:
    """Filter, select in the table and on the map, correct, and ask again."""
    yield from desk.press_button("ResultsTable", "Results table")
    yield until(lambda: desk.dock("RsgptResultsTable"), "the table")
    dock = desk.dock("RsgptResultsTable")
    (layer,) = desk.tiles()
    yield from _show_layer(dock, layer)
    yield until(lambda: len(dock.model.all_rows) == layer.featureCount(), "its rows", 30)
    yield pause(2.0)
    desk.pictures.screen("table-all")
    yield from _filter(desk, dock)
    yield from _select(desk, dock, layer)
    yield from _show_where(desk, dock)
    yield from _correct(desk, dock)
    yield from _ask_again(desk, dock)


def pause_and_resume(desk: Desk) -> Steps:
    """Pause and resume a run in the dialog of runs."""
    question = "boats[yesno]: Are there any boats?\n"
    yield from _run(desk, question, "", tile_size="96")
    yield from choose(desk.window, *desk.entry("RunsPart", "Runs…"))
    runs = yield from dialog("RunsDialog")
    yield until(lambda: runs.pause.isEnabled() and _done(runs) > 0, "the run to go on", ANSWER_S)
    yield until(lambda: runs.model.index(0, _RATE).data(), "its rate", ANSWER_S)
    yield pause(1.0)
    desk.pictures.window("runs", runs, for_guide=True)
    yield from click(runs.pause)
    yield until(runs.resume.isEnabled, "the run to be paused", 60)
    before = _done(runs)
    desk.pictures.screen("runs-paused")
    yield from click(runs.resume)
    yield until(lambda: runs.pause.isEnabled() and _done(runs) > before, "the run to go further", ANSWER_S)
    yield until(runs.open.isEnabled, "its end", 3 * ANSWER_S)
    yield from click(runs.open)
    yield pause(1.5)
    desk.pictures.screen("runs-results")
    yield from press(runs, Qt.Key.Key_Escape)
    form = yield from dialog("AlgorithmDialog")
    yield from click(form.buttonBox().button(QDialogButtonBox.StandardButton.Close))


def export(desk: Desk) -> Steps:
    """Export the rows as a report with pictures."""
    dock, file = desk.dock("RsgptResultsTable"), desk.pictures.folder / "report.html"
    yield from click(dock.export)
    form = yield from dialog("ExportDialog")
    yield from click(form.which)
    yield until(form.which.view().isVisible, "the list of rows")
    yield from press(form.which.view(), Qt.Key.Key_End)
    yield from press(form.which.view(), Qt.Key.Key_Return)
    yield from click(form.format)
    yield until(form.format.view().isVisible, "the list of formats")
    for key in (*[Qt.Key.Key_Down] * form.format.findData(".html"), Qt.Key.Key_Return):
        yield from press(form.format.view(), key)
    yield from click(form.file.lineEdit())
    yield from write(form, str(file))
    desk.pictures.window("export", form)
    before = len(desk.messages())
    yield from click(form.buttons.button(QDialogButtonBox.StandardButton.Ok))
    yield until(lambda: file.exists() and len(desk.messages()) > before, "the page", 60)
    yield until(lambda: file.read_text("utf-8").count("<img ") == len(dock.model.all_rows), "all its pictures", 5)
    desk.pictures.screen("exported")


def begin_run(desk: Desk) -> Steps:
    """Start a run that is active when QGIS exits."""
    yield from _run(desk, _LAST_QUESTION, "", tile_size="96")
    yield from choose(desk.window, *desk.entry("RunsPart", "Runs…"))
    runs = yield from dialog("RunsDialog")
    yield from click_item(runs.view, runs.model.index(0, 0))  # otherwise it shows the previously selected run
    yield until(lambda: runs.pause.isEnabled() and _done(runs) > 0, "the run to go on", ANSWER_S)
    desk.pictures.screen("interrupted")
    yield from press(runs, Qt.Key.Key_Escape)


def take_up(desk: Desk) -> Steps:
    """Resume the interrupted run in another QGIS; earlier answers come from the cache."""
    yield until(lambda: not desk.canvas.isDrawing() and desk.raster().isValid(), "the map to be drawn", 60)
    yield from desk.close_messages()
    yield from choose(desk.window, *desk.entry("RunsPart", "Runs…"))
    runs = yield from dialog("RunsDialog")
    yield until(runs.resume.isEnabled, "a run that can be resumed", 5)
    before = _done(runs)
    desk.pictures.screen("take-up")
    yield from click(runs.resume)
    yield until(lambda: runs.open.isEnabled() and not runs.resume.isEnabled(), "its end", 3 * ANSWER_S)
    counts = runs.chosen().entry.counts
    yield until(lambda: 0 < before <= counts["cached"] < counts["tiles"], "the first answers to come from the cache", 1)
    yield from click(runs.open)
    yield until(desk.results, "the results layer")
    yield pause(1.5)
    desk.pictures.screen("taken-up")
    yield from press(runs, Qt.Key.Key_Escape)


def look_at_map(desk: Desk) -> Steps:
    """Zoom in with the table closed: outlines, labels, and the map tip of a tile."""
    yield from desk.press_button("ResultsTable", "Results table")
    yield from desk.close_messages()
    tree = desk.iface.layerTreeView()
    for layer in desk.results():
        if layer not in desk.tiles():
            index = item(tree, layer.name())
            yield from click(tree.viewport(), QPoint(tree.visualRect(index).left() + 8, cell(tree, index).y()))
    yield from click_item(tree, item(tree, desk.tiles()[0].name()))
    yield from desk.zoom_to((0.3, 0.2), (0.7, 0.7))
    yield from click(desk.tool_named("mActionMapTips"))
    yield until(lambda: not desk.canvas.isDrawing(), "the map", 60)
    yield from hover(desk.canvas.viewport(), desk.on_map(0.4, 0.3))
    yield pause(3.0)
    desk.pictures.screen("map", for_guide=True)
    yield from click(desk.tool_named("mActionMapTips"))


def _run(desk: Desk, questions: str, name: str, tile_size: str = "") -> Steps:
    """Open Describe raster… from the layer tree, fill it in and click Run."""
    form = yield from desk.open_from_raster("Describe raster…", "layer-menu" if name else "")
    wrappers = form.mainWidget().wrappers
    if tile_size:
        box = wrappers["TILE_SIZE"].editor.box
        yield from click(box, QPoint(20, box.height() // 2))
        yield from press(box, "a", Qt.KeyboardModifier.ControlModifier)
        yield from write(box, tile_size)
        yield from click(wrappers["CAPTION"].wrappedWidget(), QPoint(10, 10))
    builder = wrappers["QUESTIONS"].editor
    yield from click(builder.as_text)
    field = builder.lines
    yield from click(field)
    yield until(lambda: form.focusWidget() is field, "the field of questions to have the focus", 5)
    yield from write(form, questions)
    yield from click(builder.as_text)
    if name:
        desk.pictures.window(name, form)
        yield from _try_out(desk, wrappers["QUESTIONS"])
    yield from click(form.runButton())


def _try_out(desk: Desk, wrapper: Any) -> Steps:
    yield until(wrapper.preview.try_out.isVisible, "the estimate")
    yield from click(wrapper.preview.try_out)
    trial = yield from dialog("TrialDialog")
    yield until(lambda: trial.table.rowCount() == 3, "the answers of the trial", ANSWER_S)
    yield pause(0.5)
    desk.pictures.window("trial", trial)
    yield from click(trial.buttons.button(QDialogButtonBox.StandardButton.Close))
    yield until(lambda: not windows("TrialDialog"), "the trial to close")


def _show_layer(dock: Any, layer: Any) -> Steps:
    box = dock.layers
    if box.currentLayer() is layer:
        return
    yield from click(box)
    yield until(box.view().isVisible, "the list of layers")
    yield from click_item(box.view(), box.model().index(box.findText(layer.name()), 0))
    yield until(lambda: dock.layer is layer, "the layer in the table")


def _filter(desk: Desk, dock: Any) -> Steps:
    total = len(dock.model.all_rows)
    yield from click(dock.filter.text)
    yield from write(dock.filter.text, "boats")
    yield until(lambda: 0 < len(dock.model.shown_rows) < total, "fewer rows", 5)
    yield pause(0.5)
    desk.pictures.screen("table-filter")
    yield from press(dock.filter.text, "a", Qt.KeyboardModifier.ControlModifier)
    yield from press(dock.filter.text, Qt.Key.Key_Delete)
    yield until(lambda: len(dock.model.shown_rows) == total, "all rows again", 5)


def _select(desk: Desk, dock: Any, layer: Any) -> Steps:
    """Select in the table, then on the map with QGIS's tool."""
    view = dock.view
    yield from click_item(view, view.model().index(2, 1))
    yield until(lambda: layer.selectedFeatureCount() == 1, "one place to be selected")
    before = desk.canvas.extent()
    yield from click(dock.zoom)
    yield until(lambda: desk.canvas.extent() != before, "the map to follow")
    yield pause(2.0)
    desk.pictures.screen("table", for_guide=True)
    chosen = dock.selection.fids()
    yield from click(desk.tool_named("mActionSelectFeatures"))
    yield from click(desk.canvas.viewport(), desk.on_map(0.12, 0.6))
    yield until(lambda: len(dock.selection.fids()) == 1 and dock.selection.fids() != chosen, "the row to follow")
    yield pause(0.5)
    desk.pictures.screen("table-followed")
    yield from click(desk.tool_named("mActionPan"))


def _show_where(desk: Desk, dock: Any) -> Steps:
    """Show what a question asks about in the window of a picture, from the context menu of its answer."""
    number = dock.model.number_of("trees")
    yield from click_item(dock.view, dock.view.model().index(2, number), RIGHT)
    menu = yield from popup()
    desk.pictures.screen("table-menu")
    yield from pick(menu, translated("ResultsView", "Show where"))
    window = yield from dialog("ReviewWindow")
    yield until(lambda: window.where.where.located is not None, "its place", ANSWER_S)
    yield pause(0.5)
    desk.pictures.screen("table-where")
    yield from press(window, Qt.Key.Key_Escape)
    yield until(lambda: not window.isVisible(), "the window to close")


def _correct(desk: Desk, dock: Any) -> Steps:
    view: QTableView = dock.view
    index = view.model().index(1, 1)
    yield from click_item(view, index)
    yield from double_click(view.viewport(), cell(view, index))
    yield until(lambda: view.state() == QTableView.State.EditingState, "the cell to be edited", 5)
    yield from write(view, "Boats on a river, seen by a person.\n")
    yield until(lambda: "seen by a person" in str(index.data()), "the correction in its cell")
    yield pause(0.5)
    desk.pictures.screen("table-corrected")


def _ask_again(desk: Desk, dock: Any) -> Steps:
    yield from click_item(dock.view, dock.view.model().index(3, 1))
    yield from click(dock.reask)
    again = yield from dialog("ReaskDialog")
    yield from click(again.same, QPoint(10, again.same.height() // 2))
    yield from click(again.prompt)
    yield from press(again, "a", Qt.KeyboardModifier.ControlModifier)
    yield from write(again, "Is this a town or the countryside?")
    yield pause(0.3)
    desk.pictures.window("ask-again", again)
    before = len(desk.messages())
    yield from click(again.buttons.button(QDialogButtonBox.StandardButton.Ok))
    yield until(lambda: not dock.stop.isVisible() and len(desk.messages()) > before, "the new answer", ANSWER_S)
    yield pause(0.5)
    desk.pictures.screen("table-asked-again")


def _done(runs: Any) -> int:
    run = runs.chosen()
    return run.entry.done if run is not None else 0
