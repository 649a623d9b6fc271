"""Script for `qgis --code`: starts runs in several ways, and collects garbage during each run.

RSGPT_STARTING names a JSON file with root, raster, parcels, tiles, report (gets one line of JSON per way) and ways.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtCore import QTimer
from qgis.utils import iface

sys.path.insert(0, json.loads(Path(os.environ["RSGPT_STARTING"]).read_text("utf-8"))["root"])

from tests.reliability.in_qgis import starts_clicks as clicks
from tests.reliability.in_qgis import starts_dialogs as dialogs
from tests.reliability.in_qgis.starts import TASK, layers_with, note

from touring.desk import Desk  # isort: skip - importable after `starts`
from touring.pictures import Pictures  # isort: skip - the same
from touring.steps import Steps, Stop, Tour, pause, until  # isort: skip - the same

WAYS: dict[str, Callable[[Desk, str], Steps]] = {
    "layermenu": partial(dialogs.layer_menu, layer="raster", text=dialogs.RASTER),
    "layermenu2": partial(dialogs.layer_menu, layer="parcels", text=dialogs.FEATURES),
    "toolbox": partial(dialogs.toolbox, text=dialogs.RASTER),
    "toolbox2": partial(dialogs.toolbox, text=dialogs.FEATURES),
    "batch": dialogs.batch,
    "designer": dialogs.designer,
    "projectmodel": dialogs.model_run,
    "history": dialogs.history,
    "resumed": dialogs.resumed,
    "again": clicks.again,
    "run": partial(clicks.console, load=False),
    "runandload": partial(clicks.console, load=True),
    "toolbar": partial(clicks.clicked, start=clicks.press_toolbar),
    "menu": partial(clicks.clicked, start=clicks.choose_in_menu),
    "rightclick": partial(clicks.clicked, start=clicks.right_click),
    "feature": partial(clicks.clicked, start=clicks.ask_feature),
    "panel": clicks.panel,
}


def way(desk: Desk, name: str) -> Steps:
    note(begins=name)
    yield until(lambda: not desk.canvas.isDrawing(), "the map to be drawn", 60)
    yield from WAYS[name](desk, name)
    for layer in layers_with(name):
        QgsProject.instance().removeMapLayer(layer)


def done() -> Steps:
    note(done=True)
    yield pause(0.2)
    os._exit(0)


def tour() -> Tour:
    pictures = Path(TASK["report"]).parent / "pictures"
    pictures.mkdir(exist_ok=True)
    desk = Desk(iface, Pictures(pictures, None))
    stops = [Stop(name, partial(way, desk, name)) for name in TASK["ways"]]
    return Tour([*stops, Stop("done", done)], desk.pictures.screen, lambda: os._exit(1))


iface.mainWindow().setGeometry(QgsApplication.primaryScreen().geometry())  # there is no window manager
iface.addRasterLayer(TASK["raster"], "raster")
iface.addVectorLayer(TASK["parcels"], "parcels", "ogr")
_tour = tour()
QTimer.singleShot(1500, _tour.start)
