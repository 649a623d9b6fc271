"""The menu entry of the runs, and messages about runs that ended or were interrupted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from qgis.core import QgsApplication, QgsProject, QgsReferencedRectangle, QgsVectorLayer
from qgis.PyQt.QtCore import QObject
from qgis.PyQt.QtWidgets import QAction

from ...core.run_store import RunEntry, RunState
from ...errors import RsgptError
from ...processing.run_progress import count_text
from ...services.runs.run_manager import RunManager
from ..actions.raster_menu import MENU
from ..map_outlines import zoom_to
from ..message_bar import MessageBar
from .run_model import counts_text
from .runs_dialog import RunsDialog

_MARGIN = 1.05


class RunsPart(QObject):
    """The part of the plugin for runs. open_table: opens a results layer in the results table."""

    def __init__(self, iface: Any, open_table: Optional[Callable[[QgsVectorLayer], None]] = None) -> None:
        super().__init__()
        self._iface = iface
        self._open_table = open_table
        self._messages = MessageBar(iface.messageBar())
        self._dialog: Optional[RunsDialog] = None
        self.service = RunManager(QgsProject.instance())
        icon = QgsApplication.getThemeIcon("mActionHistory.svg")
        self.action = QAction(icon, self.tr("Runs…"), self)
        self.action.triggered.connect(lambda checked: self.show())

    def register(self) -> None:
        """Add the menu entry, and report a run that was interrupted when QGIS ended."""
        self._iface.addPluginToRasterMenu(MENU, self.action)
        self.service.ended.connect(self._report)
        self.service.failed.connect(self._messages.problem)
        self._report_unfinished()

    def unregister(self) -> None:
        """Remove the menu entry, pause active runs and close the dialog."""
        self.service.failed.disconnect(self._messages.problem)
        self.service.ended.disconnect(self._report)
        self._iface.removePluginRasterMenu(MENU, self.action)
        self._messages.clear_note()
        self.service.close()
        if self._dialog is not None:
            self._dialog.close()
            self._dialog.deleteLater()
            self._dialog = None

    def show(self) -> None:
        """Open the dialog."""
        if self._dialog is None:
            self._dialog = RunsDialog(self.service, self._iface.mainWindow())
            self._dialog.opened.connect(self._show_layer)
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()

    def _report(self, entry: RunEntry) -> None:
        counts = counts_text(entry)
        if entry.state is RunState.FAILED:
            text = self.tr("The run over “{layer}” failed at {done}. {reason}")
        elif entry.state is RunState.FINISHED:
            text = self.tr("The run over “{layer}” finished: {counts}")
        else:
            text = self.tr("The run over “{layer}” stopped at {done}: {counts}")
        done = count_text(entry.done, entry.total)
        message = text.format(layer=entry.request.title, counts=counts, done=done, reason=entry.note)
        if entry.state is RunState.FINISHED:
            self._messages.offer(message, self.tr("Open results"), lambda: self._open(entry.id))
        else:
            self._messages.offer(message, self.tr("Show runs…"), self._replace_note)

    def _report_unfinished(self) -> None:
        try:
            interrupted = self.service.unfinished()
        except RsgptError:
            return  # the dialog reports the error
        if interrupted:
            done = count_text(interrupted[0].done, interrupted[0].total)
            text = self.tr("A run over “{layer}” was interrupted at {done}. You can resume it.")
            message = text.format(layer=interrupted[0].request.title, done=done)
            self._messages.offer(message, self.tr("Show runs…"), self._replace_note)

    def _replace_note(self) -> None:
        self._messages.clear_note()
        self.show()

    def _open(self, run_id: str) -> None:
        self._messages.clear_note()
        try:
            self._show_layer(self.service.open_results(run_id))
        except RsgptError as error:
            self._messages.problem(str(error))

    def _show_layer(self, layer: QgsVectorLayer) -> None:
        extent = QgsReferencedRectangle(layer.extent(), layer.crs())
        if not extent.isEmpty():
            zoom_to(self._iface.mapCanvas(), extent, _MARGIN)
        if self._open_table is not None:
            self._open_table(layer)
