"""Ways to start a run without a Processing dialog: clicks, panel, results table, scripts. Runs inside QGIS."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

from qgis.core import QgsProject
from qgis.gui import QgsGui, QgsMapLayerActionContext
from qgis.PyQt.QtCore import QPoint, Qt, QTimer
from qgis.PyQt.QtWidgets import QDialogButtonBox

from tests.reliability.in_qgis.starts import (
    END_S,
    SIDE,
    TASK,
    check_rows,
    collect,
    layer_named,
    layers_with,
    note,
    tasks,
)

from touring.desk import Desk  # isort: skip - importable after `starts`
from touring.hands import RIGHT, choose, click, click_item, dialog, pick, popup, press, windows, write  # isort: skip
from touring.steps import Steps, until  # isort: skip - the same


def again(desk: Desk, name: str) -> Steps:
    """Use "Ask again" of the results table, and collect garbage while its dialog is open and during the run."""
    load_results(name)
    (layer,) = layers_with(name)
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
    yield from click(dock.reask)
    form = yield from dialog("ReaskDialog")
    yield from click(form.same, QPoint(10, form.same.height() // 2))
    yield from click(form.prompt)
    yield from press(form, "a", Qt.KeyboardModifier.ControlModifier)
    yield from write(form, "say it again")
    del form
    yield from collect()
    yield from click(windows("ReaskDialog")[0].buttons.button(QDialogButtonBox.StandardButton.Ok))
    yield until(tasks, "the run to begin")
    yield from collect()
    yield until(lambda: not tasks() and not dock.stop.isVisible(), "the end of the run", END_S)
    captions = {str(row["caption"]) for row in layer.getFeatures() if str(row["caption"]).endswith("!")}
    note(way=name, expected=TASK["tiles"], rows=layer.featureCount(), right=len(captions))
    desk.pictures.screen(name)
    yield from desk.press_button("ResultsTable", "Results table")


def console(desk: Desk, name: str, load: bool) -> Steps:
    """Run on the main thread, like a script or the console, and collect garbage during the run."""
    import processing

    timer = QTimer()
    timer.timeout.connect(lambda: bool(gc.collect()))
    timer.start(50)
    if load:
        load_results(name)
    else:
        output = processing.run("rsgpt:describeraster", {**parameters(name), "OUTPUT": "memory:"})["OUTPUT"]
        QgsProject.instance().addMapLayer(output)
    timer.stop()
    yield from check_rows(desk, name)


def parameters(name: str) -> dict[str, object]:
    return {"INPUT": layer_named("raster"), "TILE_SIZE": SIDE, "QUESTIONS": f"{name}[text]: say {name}"}


def load_results(name: str) -> None:
    import processing

    processing.runAndLoadResults("rsgpt:describeraster", {**parameters(name), "OUTPUT": "TEMPORARY_OUTPUT"})


def clicked(desk: Desk, name: str, start: Callable[[Desk], Steps]) -> Steps:
    """Start a run that adds a row to the answers layer, and check its answer."""
    before = desk.clicks()
    yield from start(desk)
    yield until(lambda: tasks() or desk.clicks() > before, "the question to be asked")
    yield from collect()
    yield until(lambda: desk.clicks() > before, "an answer", END_S)
    (layer,) = layers_with("answer")
    (row,) = list(layer.getFeatures())[before:]
    note(way=name, expected=1, rows=desk.clicks() - before, right=int(str(row["answer"]).startswith("picture ")))
    desk.pictures.screen(name)
    yield from desk.close_messages()


def press_toolbar(desk: Desk) -> Steps:
    yield from desk.press_button("CanvasActions", "Describe canvas")


def choose_in_menu(desk: Desk) -> Steps:
    """Choose Raster > RSGPT > Ask about the canvas… and enter a question."""
    yield from choose(desk.window, *desk.entry("CanvasActions", "Ask about the canvas…"))
    yield from ask_in_dialog()


def right_click(desk: Desk) -> Steps:
    """Right-click the map, and choose "Describe this area"."""
    yield from click(desk.canvas.viewport(), desk.on_map(0.4, 0.4), RIGHT)
    menu = yield from popup()
    entry = next(action.text() for action in menu.actions() if action.text().startswith("Describe this area"))
    yield from pick(menu, entry)


def ask_feature(desk: Desk) -> Steps:
    """Trigger the map layer action of a polygon, like the attribute table and Identify."""
    layer = layer_named("parcels")
    feature = next(layer.getFeatures())
    actions = QgsGui.mapLayerActionRegistry().mapLayerActions(layer, context=QgsMapLayerActionContext())
    action = next(candidate for candidate in actions if "RSGPT" in candidate.text())
    QTimer.singleShot(0, lambda: action.triggerForFeature(layer, feature, QgsMapLayerActionContext()))
    yield from ask_in_dialog()


def ask_in_dialog() -> Steps:
    form = yield from dialog("AskDialog")
    yield from click(form.text)
    yield from write(form, f"say {time.monotonic_ns()}")
    yield from collect()
    yield from click(form.buttons.button(QDialogButtonBox.StandardButton.Ok))


def panel(desk: Desk, name: str) -> Steps:
    yield from desk.press_button("DockPart", "RSGPT panel")
    dock = desk.dock("RsgptDock")
    yield until(dock.isVisible, "the panel")
    yield from click(dock.panel.bar.describe)
    yield from collect()
    yield until(lambda: dock.conversation.is_busy or len(dock.panel.view._messages), "the question to be asked")
    yield until(lambda: not dock.conversation.is_busy, "the answer", END_S)
    messages = dock.panel.view._messages
    right = sum(message.answer.startswith("picture ") for message in messages)
    note(way=name, expected=1, rows=len(messages), right=right)
    desk.pictures.screen(name)
    yield from desk.press_button("DockPart", "RSGPT panel")
