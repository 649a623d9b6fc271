"""Run by QGIS itself (`qgis --code`): loads, uses, unloads and reloads the plugin, and writes down what it left.

Reads what to do from a JSON file named by RSGPT_RELOAD: times, home, server (command), environment, result.
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
from qgis.PyQt.QtCore import QCoreApplication, QTimer
from qgis.PyQt.QtWidgets import QApplication, QDialog

from tests.plugin.traces import changes, modules, traces

PACKAGE = "rsgpt"
ASKS_EVERY = 10
MENU = "RSGPT"


class Cycle:
    """One QGIS window, in which the plugin comes and goes."""

    def __init__(self, task: dict[str, Any]) -> None:
        self.task = task
        self.window = utils.iface.mainWindow()
        self.canvas = utils.iface.mapCanvas()
        self.closer = QTimer()
        self.closer.timeout.connect(close_modal)
        self.closer.start(50)

    def traces(self) -> dict[str, Any]:
        utils.iface.messageBar().clearWidgets()
        found = traces(self.window, self.canvas, PACKAGE, Path(self.task["home"]))
        return {**found, "modules": modules(PACKAGE), "files open": open_files()}

    def load(self) -> None:
        if not (utils.loadPlugin(PACKAGE) and utils.startPlugin(PACKAGE)):
            raise RuntimeError("the plugin does not start")

    def use(self, ask: bool) -> None:
        """Press every entry of the menu; now and then, with a model that answers."""
        self._pretend()
        if ask:
            self.entry("Describe canvas").trigger()
            wait_until(lambda: bool(QgsProject.instance().mapLayersByName("RSGPT answers")))
        else:
            for action in self.entries():
                action.trigger()
                QCoreApplication.processEvents()

    def unload(self) -> None:
        """Unload it; answers belong to the project, and go with their layers."""
        utils.unloadPlugin(PACKAGE)
        layers = QgsProject.instance().mapLayers()
        QgsProject.instance().removeMapLayers([name for name in layers if name != self.task["layer"]])

    def entries(self) -> list[Any]:
        menus = [action.menu() for action in utils.iface.rasterMenu().actions() if action.text() == MENU]
        return [action for menu in menus for action in menu.actions() if not action.isSeparator()]

    def entry(self, text: str) -> Any:
        (found,) = [action for action in self.entries() if action.text() == text]
        return found

    def _pretend(self) -> None:
        """The scripted engine in the place of the model, for this load of the plugin's modules."""
        client = sys.modules[f"{PACKAGE}.rsgpt_plugin.client.local_server"]
        log = Path(self.task["home"]) / "log" / "server.log"
        server = client.LocalServer(self.task["server"], self.task["environment"], log)
        client._managed_server = lambda model: server
        sys.modules[f"{PACKAGE}.rsgpt_plugin.gui.canvas_actions"].is_ready = lambda: True


def open_files() -> list[str]:
    """What this process has open; numbers of pipes and sockets say nothing."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.append(os.readlink(link).split(":[")[0])
    return sorted(found)


def close_modal() -> None:
    """What waits for a person is sent away, so that a cycle goes on."""
    modal = QApplication.activeModalWidget()
    if isinstance(modal, QDialog):
        modal.reject()


def wait_until(is_done: Callable[[], bool], seconds: float = 60.0) -> None:
    begin = time.monotonic()
    while not is_done():
        if time.monotonic() - begin > seconds:
            said = [item.text() for item in utils.iface.messageBar().items()]
            raise RuntimeError(f"nothing came of it; the message bar says {said}")
        QCoreApplication.processEvents()
        time.sleep(0.01)


def run(task: dict[str, Any]) -> dict[str, Any]:
    """Return what differs after the last cycle from a QGIS without the plugin, and from what the first one left."""
    raster = QgsProject.instance().addMapLayer(QgsRasterLayer(task["raster"], "scenes"))
    QgsProject.instance().setCrs(raster.crs())
    cycle = Cycle({**task, "layer": raster.id()})
    cycle.canvas.setExtent(raster.extent())
    bare = cycle.traces()
    seen = []
    for number in range(task["times"]):
        cycle.load()
        cycle.use(ask=number % ASKS_EVERY == 0)
        cycle.unload()
        seen.append(cycle.traces())
    return {"times": len(seen), "bare": changes(bare, seen[-1]), "first": changes(seen[0], seen[-1])}


def main() -> None:
    """Do it and end QGIS, whatever happens."""
    task = json.loads(Path(os.environ["RSGPT_RELOAD"]).read_text("utf-8"))
    try:
        told = run(task)
    except Exception:  # the border of a process: all of it is told to the test
        told = {"error": traceback.format_exc()}
    Path(task["result"]).write_text(json.dumps(told, indent=1), "utf-8")
    os._exit(0)


if "RSGPT_RELOAD" in os.environ:
    QTimer.singleShot(1000, main)
