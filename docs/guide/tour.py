"""Runs the tour in QGIS's window. `docs/guide/tour` sets the environment variables and calls `qgis --code`."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QTimer
from qgis.utils import iface

sys.path.insert(0, os.environ["RSGPT_TOUR"])  # QGIS runs this file without its folder

from touring import asking, searching, setting_up, working
from touring.desk import Desk
from touring.pictures import Pictures
from touring.steps import Stop, Tour

_STOPS = {
    "wizard": setting_up.wizard,
    "zoom": asking.look_around,
    "toolbar": asking.describe_canvas,
    "right-click": asking.right_click,
    "panel": asking.ask_in_panel,
    "stop": asking.stop_in_panel,
    "where": asking.show_where,
    "processing": working.describe_raster,
    "table": working.work_in_table,
    "export": working.export,
    "map": working.look_at_map,
    "feature": asking.ask_about_feature,
    "find": searching.find_objects,
    "search": searching.search,
    "runs": working.pause_and_resume,
    "options": setting_up.options,
    "report": setting_up.report,
    "interrupt": working.begin_run,
}
_LATER = {"take-up": working.take_up}
_FROM_NOTHING = {
    "from-nothing": setting_up.from_nothing,
    "zoom": asking.look_around,
    "right-click": asking.right_click,
}


def tour() -> Tour:
    """Return the tour with the stops that the environment selects."""
    folder, guide = os.environ["RSGPT_PICTURES"], os.environ.get("RSGPT_GUIDE", "")
    desk = Desk(iface, Pictures(Path(folder), Path(guide) if guide else None))
    stops = _FROM_NOTHING if os.environ.get("RSGPT_MODE") == "from-nothing" else _STOPS
    names = os.environ.get("RSGPT_STOPS", "").split() or list(stops)
    chosen = {name: {**stops, **_LATER}[name] for name in names}
    sequence = [Stop(name, partial(steps, desk)) for name, steps in {**chosen, "leave": setting_up.leave}.items()]
    result = Tour(sequence, desk.pictures.screen, lambda: os._exit(1))  # even if dialogs are open
    desk.pictures.gauge = result.gauge
    return result


iface.mainWindow().setGeometry(QgsApplication.primaryScreen().geometry())  # there is no window manager to do it
_tour = tour()
QTimer.singleShot(2000, _tour.start)
