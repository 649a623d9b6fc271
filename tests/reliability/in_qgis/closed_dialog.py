"""Script that shows a bug of QGIS without any plugin: `qgis --code closed_dialog.py` crashes (QGIS 3.40, Linux).

The Toolbox drops its reference to an algorithm's dialog when the user closes it during a run. The next garbage
collection deletes the dialog's context and feedback, which the running task still uses.
"""

from __future__ import annotations

import gc
import os
import time

from processing.gui.AlgorithmDialog import AlgorithmDialog
from qgis.core import QgsProcessingAlgorithm, QgsProcessingParameterNumber
from qgis.PyQt.QtCore import QTimer
from qgis.utils import iface


class Sleep(QgsProcessingAlgorithm):
    name = displayName = lambda self: "sleep"
    createInstance = lambda self: Sleep()  # noqa: E731 - short, for a bug report

    def processAlgorithm(self, parameters: object, context: object, feedback: object) -> dict[str, object]:
        time.sleep(3)
        return {}

    def initAlgorithm(self, configuration: object = None) -> None:
        self.addParameter(QgsProcessingParameterNumber("UNUSED", "unused", defaultValue=0))


def run_and_close() -> None:
    dialog = AlgorithmDialog(Sleep(), parent=iface.mainWindow())
    QTimer.singleShot(500, dialog.runButton().click)
    QTimer.singleShot(1500, dialog.close)
    dialog.show()
    dialog.exec()  # like the Toolbox


def main() -> None:
    run_and_close()
    gc.collect()
    QTimer.singleShot(5000, lambda: os._exit(0))  # not reached, because QGIS crashes at the end of the task


QTimer.singleShot(1500, main)
