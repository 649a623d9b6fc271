"""Keeps the Python part of Processing's dialogs alive until QGIS deletes them. Opens none and changes none.

QGIS 3.40 holds no reference to a dialog that is closed during its run. When Python collects garbage, the context and
the feedback of that dialog are deleted, but the task goes on using them and QGIS crashes
(`tests/reliability/closed_dialog.py` shows it without a plugin).
"""

from __future__ import annotations

from functools import partial

from qgis.core import QgsApplication
from qgis.gui import QgsProcessingAlgorithmDialogBase
from qgis.PyQt.QtWidgets import QApplication, QDialog

# QGIS deletes a dialog once it is closed and its run has ended. A run may outlast the plugin, so this is no part's own.
_kept: dict[int, QDialog] = {}


class ProcessingDialogs:
    """A part of the plugin: keeps every Processing dialog, as a model of the user's may contain our algorithms."""

    def register(self) -> None:
        """Watch for tasks."""
        QgsApplication.taskManager().taskAdded.connect(_keep_all)

    def unregister(self) -> None:
        """Stop watching. Dialogs that are kept stay so until QGIS deletes them."""
        QgsApplication.taskManager().taskAdded.disconnect(_keep_all)


def keep(dialog: QDialog) -> None:
    """Hold a reference to a dialog until it is deleted."""
    if id(dialog) not in _kept:
        _kept[id(dialog)] = dialog
        dialog.destroyed.connect(partial(_forget, id(dialog)))


def _keep_all(task_id: int) -> None:
    """A task does not know its dialog, so this keeps all that are open."""
    for window in QApplication.topLevelWidgets():
        if isinstance(window, QgsProcessingAlgorithmDialogBase):
            keep(window)


def _forget(key: int) -> None:
    _kept.pop(key, None)
