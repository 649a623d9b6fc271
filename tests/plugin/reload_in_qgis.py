"""Script for QGIS (`qgis --code`) that loads, uses and unloads the plugin repeatedly and reports what it leaves behind.

Reads its task from the JSON file in RSGPT_RELOAD: times, home, raster, server (command), environment, result.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

if "RSGPT_RELOAD_ROOT" in os.environ:
    sys.path.insert(0, os.environ["RSGPT_RELOAD_ROOT"])

from qgis import utils
from qgis.core import QgsProject, QgsRasterLayer
from qgis.gui import QgsProcessingAlgorithmDialogBase
from qgis.PyQt.QtCore import QCoreApplication, QTimer
from qgis.PyQt.QtWidgets import QApplication, QDialog

from tests.plugin.traces import changes, modules, traces

PACKAGE = "rsgpt"
ASK_INTERVAL = 10
# Dialogs of Processing take long. Cycles that open them are compared with each other, and the first of these only
# after QGIS's window has made the tab bars that it keeps for docks.
DIALOG_INTERVAL = 5
COMPARED = 2 * DIALOG_INTERVAL - 1
IN_PROCESSING = ("Describe raster…", "Describe features…", "Find objects…")
MENU = "RSGPT"


class Cycle:
    """A QGIS window in which the plugin is loaded and unloaded."""

    def __init__(self, task: dict[str, Any]) -> None:
        self.task = task
        self.window = utils.iface.mainWindow()
        self.canvas = utils.iface.mapCanvas()
        self.closer = QTimer()
        self.closer.timeout.connect(close_modal)
        self.closer.start(50)

    def traces(self) -> dict[str, Any]:
        utils.iface.messageBar().clearWidgets()
        objects = traces(self.window, self.canvas, PACKAGE, Path(self.task["home"]))
        return {**objects, "modules": modules(PACKAGE), "files open": open_files()}

    def load(self) -> None:
        if not (utils.loadPlugin(PACKAGE) and utils.startPlugin(PACKAGE)):
            raise RuntimeError("the plugin does not start")

    def use(self, number: int) -> None:
        """Trigger the menu entries, or describe the canvas with the fake engine. number: of the cycle."""
        self._use_fake_engine()
        if number % ASK_INTERVAL == 0:
            self.entry("Describe canvas").trigger()
            wait_until(lambda: bool(QgsProject.instance().mapLayersByName("RSGPT answers")))
        else:
            skipped = {"Guide"}  # would open a browser
            skipped.update(() if number % DIALOG_INTERVAL == DIALOG_INTERVAL - 1 else IN_PROCESSING)
            for action in self.entries():
                if action.text() not in skipped:
                    action.trigger()
                QCoreApplication.processEvents()
            for window in QApplication.topLevelWidgets():
                if isinstance(window, QgsProcessingAlgorithmDialogBase):
                    window.close()

    def unload(self) -> None:
        """Unload the plugin and remove its layers, which belong to the project."""
        utils.unloadPlugin(PACKAGE)
        layers = QgsProject.instance().mapLayers()
        QgsProject.instance().removeMapLayers([name for name in layers if name != self.task["layer"]])

    def entries(self) -> list[Any]:
        menus = [action.menu() for action in utils.iface.rasterMenu().actions() if action.text() == MENU]
        return [action for menu in menus for action in menu.actions() if not action.isSeparator()]

    def entry(self, text: str) -> Any:
        (action,) = [action for action in self.entries() if action.text() == text]
        return action

    def _use_fake_engine(self) -> None:
        """Replace the model with the fake engine in the modules loaded now."""
        client: Any = sys.modules[f"{PACKAGE}.rsgpt_plugin.client.server.local_server"]
        log = Path(self.task["home"]) / "log" / "server.log"
        server = client.LocalServer(self.task["server"], self.task["environment"], log)
        client._managed_server = lambda launch: server
        actions: Any = sys.modules[f"{PACKAGE}.rsgpt_plugin.gui.actions.canvas_actions"]
        actions.is_ready = lambda: True


def open_files() -> list[str]:
    """Return the open files of this process, without the numbers of pipes and sockets."""
    names = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            names.append(os.readlink(link).split(":[")[0])
    return sorted(names)


def close_modal() -> None:
    """Close the modal dialog, so that the cycle continues."""
    modal = QApplication.activeModalWidget()
    if isinstance(modal, QDialog):
        modal.reject()


def wait_until(is_done: Callable[[], bool], seconds: float = 60.0) -> None:
    begin = time.monotonic()
    while not is_done():
        if time.monotonic() - begin > seconds:
            messages = [item.text() for item in utils.iface.messageBar().items()]
            raise RuntimeError(f"timeout; messages in the message bar: {messages}")
        QCoreApplication.processEvents()
        time.sleep(0.01)


def run(task: dict[str, Any]) -> dict[str, Any]:
    """Return what changed from QGIS without the plugin, and from the compared cycle, to the last cycle."""
    raster = QgsProject.instance().addMapLayer(QgsRasterLayer(task["raster"], "scenes"))
    QgsProject.instance().setCrs(raster.crs())
    cycle = Cycle({**task, "layer": raster.id()})
    cycle.canvas.setExtent(raster.extent())
    bare = cycle.traces()
    states = []
    for number in range(task["times"]):
        cycle.load()
        cycle.use(number)
        cycle.unload()
        states.append(cycle.traces())
    last = settled(cycle, states[COMPARED])
    return {"times": len(states), "bare": changes(bare, last), "first": changes(states[COMPARED], last)}


def settled(cycle: Cycle, expected: dict[str, Any], seconds: float = 10.0) -> dict[str, Any]:
    """Return the traces as soon as they are as expected, otherwise after `seconds`.

    Tasks that a closed dialog started end later, and release the dialog only then.
    """
    begin, traces = time.monotonic(), cycle.traces()
    while changes(expected, traces) and time.monotonic() - begin < seconds:
        QCoreApplication.processEvents()
        time.sleep(0.1)
        traces = cycle.traces()
    return traces


def main() -> None:
    """Run the task, write the result and end QGIS."""
    task = json.loads(Path(os.environ["RSGPT_RELOAD"]).read_text("utf-8"))
    try:
        result = run(task)
    except Exception:  # boundary of a process: the error is reported to the test
        result = {"error": traceback.format_exc()}
    Path(task["result"]).write_text(json.dumps(result, indent=1), "utf-8")
    os._exit(0)


if "RSGPT_RELOAD" in os.environ:
    QTimer.singleShot(1000, main)
