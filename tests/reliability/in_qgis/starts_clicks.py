"""The ways to start a run without a dialog of Processing's: clicks, the panel, the table, scripts. Runs inside QGIS."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

from qgis.core import QgsProject
from qgis.gui import QgsGui, QgsMapLayerActionContext
from qgis.PyQt.QtCore import QPoint, Qt, QTimer
from qgis.PyQt.QtWidgets import QDialogButtonBox

from tests.reliability.in_qgis.starts import END_S, SIDE, TASK, collect, column, layer_named, look, note, tasks

from touring.desk import Desk  # isort: skip - found once `starts` is imported
from touring.hands import RIGHT, choose, click, click_item, dialog, pick, popup, press, windows, write  # isort: skip
from touring.steps import Steps, until  # isort: skip - the same


def again(desk: Desk, name: str) -> Steps:
    """The results table's Ask again; garbage is collected while its dialog is open, and while it runs."""
    loaded(name)
    (layer,) = column(name)
    desk.iface.setActiveLayer(layer)
    dock = desk.dock("RsgptResultsTable")
    if dock is None or not dock.isVisible():
        yield from desk.press_button("ResultsTable", "Results table")
        yield until(lambda: desk.dock("RsgptResultsTable"), "the table")
        dock = desk.dock("RsgptResultsTable")
    dock.layers.setLayer(layer)
    yield until(lambda: len(dock.model.all_rows) == TASK["tiles"], "its rows", 30)
    yield from click_item(dock.view, dock.view.model().index(0, 1))
    yield from press(dock.view, "a", Qt.KeyboardModifier.ControlModifier)
    yield from click(dock.again)
    form = yield from dialog("AgainDialog")
    yield from click(form.same, QPoint(10, form.same.height() // 2))
    yield from click(form.prompt)
    yield from press(form, "a", Qt.KeyboardModifier.ControlModifier)
    yield from write(form, "say it again")
    del form
    yield from collect()
    yield from click(windows("AgainDialog")[0].buttons.button(QDialogButtonBox.StandardButton.Ok))
    yield until(tasks, "the run to begin")
    yield from collect()
    yield until(lambda: not tasks() and not dock.stop.isVisible(), "the end of the run", END_S)
    captions = {str(row["caption"]) for row in layer.getFeatures() if str(row["caption"]).endswith("!")}
    note(way=name, expected=TASK["tiles"], rows=layer.featureCount(), right=len(captions))
    desk.pictures.screen(name)
    yield from desk.press_button("ResultsTable", "Results table")


def console(desk: Desk, name: str, load: bool) -> Steps:
    """A run on the main thread, as a script or the console starts it; its own events collect garbage."""
    import processing

    timer = QTimer()
    timer.timeout.connect(lambda: bool(gc.collect()))
    timer.start(50)
    if load:
        loaded(name)
    else:
        given = {"INPUT": layer_named("raster"), "TILE_SIZE": SIDE, "QUESTIONS": f"{name}[text]: say {name}"}
        made = processing.run("rsgpt:describeraster", {**given, "OUTPUT": "memory:"})["OUTPUT"]
        QgsProject.instance().addMapLayer(made)
    timer.stop()
    yield from look(desk, name)


def loaded(name: str) -> None:
    """Have a layer of results in the project."""
    import processing

    given = {"INPUT": layer_named("raster"), "TILE_SIZE": SIDE, "QUESTIONS": f"{name}[text]: say {name}"}
    processing.runAndLoadResults("rsgpt:describeraster", {**given, "OUTPUT": "TEMPORARY_OUTPUT"})


def clicked(desk: Desk, name: str, start: Callable[[Desk], Steps]) -> Steps:
    """What adds a row to the layer of clicks."""
    before = desk.clicks()
    yield from start(desk)
    yield until(lambda: tasks() or desk.clicks() > before, "the question to be asked")
    yield from collect()
    yield until(lambda: desk.clicks() > before, "an answer", END_S)
    (layer,) = column("answer")
    (row,) = list(layer.getFeatures())[before:]
    note(way=name, expected=1, rows=desk.clicks() - before, right=int(str(row["answer"]).startswith("picture ")))
    desk.pictures.screen(name)
    yield from desk.close_messages()


def press_toolbar(desk: Desk) -> Steps:
    """The toolbar's button."""
    yield from desk.press_button("CanvasActions", "Describe canvas")


def choose_in_menu(desk: Desk) -> Steps:
    """Raster > RSGPT > Ask about the canvas..., with a question."""
    yield from choose(desk.window, *desk.entry("CanvasActions", "Ask about the canvas…"))
    yield from ask_in_dialog()


def right_click(desk: Desk) -> Steps:
    """The map's own menu."""
    yield from click(desk.canvas.viewport(), desk.on_map(0.4, 0.4), RIGHT)
    menu = yield from popup()
    entry = next(action.text() for action in menu.actions() if action.text().startswith("Describe this area"))
    yield from pick(menu, entry)


def ask_feature(desk: Desk) -> Steps:
    """The action of a polygon, as the attribute table and Identify offer it."""
    layer = layer_named("parcels")
    feature = next(layer.getFeatures())
    actions = QgsGui.mapLayerActionRegistry().mapLayerActions(layer, context=QgsMapLayerActionContext())
    action = next(one for one in actions if "RSGPT" in one.text())
    QTimer.singleShot(0, lambda: action.triggerForFeature(layer, feature, QgsMapLayerActionContext()))
    yield from ask_in_dialog()


def ask_in_dialog() -> Steps:
    """Write a question and press OK, with garbage collected before."""
    form = yield from dialog("AskDialog")
    yield from click(form.text)
    yield from write(form, f"say {time.monotonic_ns()}")
    yield from collect()
    yield from click(form.buttons.button(QDialogButtonBox.StandardButton.Ok))


def panel(desk: Desk, name: str) -> Steps:
    """The panel's Describe, about the canvas."""
    yield from desk.press_button("DockPart", "RSGPT panel")
    dock = desk.dock("RsgptDock")
    yield until(dock.isVisible, "the panel")
    yield from click(dock.talk.bar.describe)
    yield from collect()
    yield until(lambda: dock.conversation.is_busy or len(dock.talk.view._messages), "the question to be asked")
    yield until(lambda: not dock.conversation.is_busy, "the answer", END_S)
    messages = dock.talk.view._messages
    right = sum(message.answer.startswith("picture ") for message in messages)
    note(way=name, expected=1, rows=len(messages), right=right)
    desk.pictures.screen(name)
    yield from desk.press_button("DockPart", "RSGPT panel")
