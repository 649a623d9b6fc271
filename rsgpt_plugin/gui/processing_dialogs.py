"""Keeps Processing dialogs alive until their runs end, even if the dialogs are closed.

QGIS 3.40 holds no reference to a dialog that is closed during its run. When Python collects garbage, the context and
the feedback of that dialog are deleted, but the task continues to use them and QGIS crashes. The model designer even
deletes the dialog, so the results are lost. `tests/reliability/in_qgis/closed_dialog.py` shows the crash without a
plugin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Optional

from qgis.core import QgsApplication, QgsProcessingAlgorithm, QgsProcessingAlgRunnerTask, QgsTask
from qgis.gui import QgsProcessingAlgorithmDialogBase
from qgis.PyQt.QtCore import QCoreApplication, QObject
from qgis.PyQt.QtWidgets import QApplication, QDialog

from .message_bar import MessageBar

translate = QCoreApplication.translate


class ProcessingDialogs:
    """A part of the plugin that watches all Processing dialogs: a user's model may contain our algorithms."""

    def register(self) -> None:
        """Start watching for tasks."""
        QgsApplication.taskManager().taskAdded.connect(_keep_open_dialogs)

    def unregister(self) -> None:
        """Stop watching. Dialogs that are kept stay alive until QGIS deletes them."""
        QgsApplication.taskManager().taskAdded.disconnect(_keep_open_dialogs)


@dataclass(eq=False)
class _Kept:
    """A dialog and the tasks that were added since it was opened. own: the ID of the dialog's task, -1 for none."""

    dialog: QDialog
    algorithm: Optional[QgsProcessingAlgorithm] = None
    tasks: dict[int, QgsTask] = field(default_factory=dict)
    own: int = -1
    is_deleted: bool = False

    @property
    def running(self) -> Optional[QgsTask]:
        """The dialog's task while it runs."""
        task = self.tasks.get(self.own)
        return task if task is not None and task.isActive() else None


# QGIS deletes a dialog once it is closed and its run has ended. A run may outlast the plugin, so this is global.
_entries: dict[int, _Kept] = {}


def open_algorithm(algorithm: str, parameters: Mapping[str, Any], messages: MessageBar) -> None:
    """Open the dialog of an algorithm with these parameters, or say why that is not possible."""
    try:
        from processing import createAlgorithmDialog  # noqa: PLC0415 - a QGIS plugin that may be disabled
    except ImportError:
        messages.problem(translate("Rsgpt", "The Processing plugin is disabled. Enable it in the Plugin Manager."))
        return
    dialog = createAlgorithmDialog(algorithm, dict(parameters))
    if dialog is None:  # for example while a reload has removed the provider
        sentence = translate("Rsgpt", "The algorithm {name} is not available. Enable RSGPT in the Plugin Manager.")
        messages.problem(sentence.format(name=algorithm))
        return
    keep(dialog)  # without a reference, the Python part of the dialog is deleted, and Run has no effect
    dialog.show()


def keep(dialog: QDialog) -> None:
    """Hold a reference to a dialog until QGIS deletes it."""
    _entry(dialog)


def _entry(dialog: QDialog) -> _Kept:
    key = id(dialog)
    if key not in _entries:
        _entries[key] = _Kept(dialog)
        dialog.destroyed.connect(partial(_dialog_deleted, key))
    return _entries[key]


def _keep_open_dialogs(task_id: int) -> None:
    task = QgsApplication.taskManager().task(task_id)
    if task is None:  # already ended
        return
    for window in QApplication.topLevelWidgets():
        if isinstance(window, QgsProcessingAlgorithmDialogBase):
            entry = _entry(window)
            entry.tasks[task_id] = task
            task.destroyed.connect(partial(_task_deleted, id(window), task_id))
            # A task does not reference its dialog. A dialog enables Cancel just before it adds its task.
            if window.cancelButton().isEnabled() and entry.running is None:
                entry.own, entry.algorithm = task_id, window.algorithm().create()


def _dialog_deleted(key: int, dialog: Optional[QObject] = None) -> None:
    entry = _entries[key]
    entry.is_deleted = True
    if isinstance(entry.running, QgsProcessingAlgRunnerTask):
        entry.running.executed.disconnect()  # connected to a method of the deleted dialog, which would fail
    _release(key)


def _task_deleted(key: int, task_id: int, task: Optional[QObject] = None) -> None:
    del _entries[key].tasks[task_id]
    _release(key)


def _release(key: int) -> None:
    """Drop a deleted dialog as soon as no task can use its context."""
    entry = _entries[key]
    if entry.is_deleted and not entry.tasks:
        del _entries[key]
        _load_results(entry.algorithm, vars(entry.dialog).get("context"))  # only Python attributes can still be read


def _load_results(algorithm: Optional[QgsProcessingAlgorithm], context: Any) -> None:
    """Add the results of a run to the project if its dialog was deleted before it could do so."""
    if algorithm is not None and context is not None and context.layersToLoadOnCompletion():
        from processing.gui.Postprocessing import handleAlgorithmResults  # noqa: PLC0415 - a QGIS plugin

        handleAlgorithmResults(algorithm, context)
