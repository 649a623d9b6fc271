"""Script for `qgis --code`: describes a raster in a task, and optionally closes QGIS during the run.

RSGPT_BUSY names a JSON file with raster, output, busy (a file that gets the process id), close and wait_s.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from qgis import utils
from qgis.core import QgsApplication, QgsProcessingAlgRunnerTask, QgsProcessingContext, QgsProcessingFeedback
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QApplication, QMessageBox

_REFERENCES: list[Any] = []
_BUSY_SINCE: list[float] = []


def begin() -> None:
    """Start the run as a task, like a user."""
    task = json.loads(Path(os.environ["RSGPT_BUSY"]).read_text("utf-8"))
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("rsgpt:describeraster")
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback(False)
    parameters = {"INPUT": task["raster"], "TILE_SIZE": 16, "OUTPUT": task["output"]}
    run = QgsProcessingAlgRunnerTask(algorithm, parameters, context, feedback)
    feedback.progressChanged.connect(lambda progress: Path(task["busy"]).write_text(str(os.getpid())))
    _REFERENCES.extend([context, feedback, run])
    QgsApplication.taskManager().addTask(run)
    if task["close"]:
        _REFERENCES.append(closer := QTimer())
        closer.timeout.connect(lambda: close(Path(task["busy"]), task["wait_s"]))
        closer.start(100)


def close(busy: Path, wait_s: float) -> None:
    """Close QGIS during the run, like a user, and confirm all questions."""
    if not busy.exists():
        return
    if len(_BUSY_SINCE) == 0:
        _BUSY_SINCE.append(time.monotonic())
    if time.monotonic() - _BUSY_SINCE[0] < wait_s:
        return
    modal = QApplication.activeModalWidget()
    if isinstance(modal, QMessageBox):
        kinds = (QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.Discard, QMessageBox.StandardButton.Ok)
        buttons = [modal.button(kind) for kind in kinds if modal.button(kind) is not None]
        (buttons or modal.buttons())[0].click()
    elif modal is None:
        QTimer.singleShot(0, utils.iface.actionExit().trigger)


if "RSGPT_BUSY" in os.environ:
    QTimer.singleShot(500, begin)
