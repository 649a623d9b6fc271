"""The dialog “RSGPT runs”: the list of runs, and buttons to pause, resume, stop and open them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Optional

from qgis.PyQt.QtCore import QItemSelectionModel, Qt, pyqtSignal
from qgis.PyQt.QtGui import QShowEvent
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QProgressBar,
    QPushButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from ...core.run_store import RunState
from ...errors import RsgptError
from ...services.runs.run_manager import RunManager, RunView
from ..widgets import set_initial_size, text_label
from .run_model import RunModel


class RunsDialog(QDialog):
    """Not modal: it may stay open next to the map. `opened` carries the results layer to show."""

    opened = pyqtSignal(object)

    def __init__(self, service: RunManager, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._service = service
        self.setWindowTitle(self.tr("RSGPT runs"))
        self.model = RunModel(self)
        self.view = QTreeView()
        self.pause = self._button(self.tr("Pause"), service.pause)
        self.resume = self._button(self.tr("Resume"), service.resume)
        self.stop = self._button(self.tr("Stop"), service.stop)
        self.open = self._button(self.tr("Open results"), self._open)
        self.remove = self._button(self.tr("Remove from list"), service.remove)
        self.progress = QProgressBar()
        self.message = text_label(selectable=True)
        self._lay_out()
        service.changed.connect(self.refresh)
        service.failed.connect(self.message.setText)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Refresh the list."""
        super().showEvent(event)
        self.refresh()

    def refresh(self) -> None:
        """Read the list of runs again if the dialog is visible."""
        if not self.isVisible():
            return
        chosen = self.chosen()
        try:
            self.model.show(self._service.runs())
        except RsgptError as error:
            self.message.setText(str(error))
            return
        for column in range(self.model.columnCount() - 1):  # rates and times may need more space now
            self.view.resizeColumnToContents(column)
        row = self.model.row(chosen.entry.id) if chosen is not None else 0
        self._choose(max(row, 0))
        self._update()

    def chosen(self) -> Optional[RunView]:
        """Return the selected run."""
        rows = self.view.selectionModel().selectedRows()
        return self.model.run(rows[0].row()) if rows else None

    def _button(self, text: str, act: Callable[[str], None]) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.clicked.connect(lambda checked: self._act(act))
        return button

    def _act(self, act: Callable[[str], None]) -> None:
        run = self.chosen()
        if run is not None:
            act(run.entry.id)
            self.refresh()

    def _open(self, run_id: str) -> None:
        try:
            self.opened.emit(self._service.open_results(run_id))
        except RsgptError as error:
            self._service.failed.emit(str(error))

    def _choose(self, row: int) -> None:
        flags = QItemSelectionModel.SelectionFlag
        if self.model.rowCount() and not self.view.selectionModel().isRowSelected(row, self.view.rootIndex()):
            self.view.selectionModel().select(self.model.index(row, 0), flags.ClearAndSelect | flags.Rows)

    def _update(self) -> None:
        run = self.chosen()
        entry = run.entry if run is not None else None
        is_here = run is not None and run.is_here
        can_resume = entry is not None and entry.state.can_resume
        self.pause.setEnabled(is_here)
        self.resume.setEnabled(can_resume)
        self.stop.setEnabled(is_here or (entry is not None and entry.state in _STOPPABLE))
        self.open.setEnabled(entry is not None and entry.state is not RunState.RUNNING and entry.done > 0)
        self.remove.setEnabled(entry is not None and not is_here)
        self.progress.setVisible(is_here)
        if run is not None:
            self.progress.setRange(0, run.entry.total)
            self.progress.setValue(run.entry.done)
        self.message.setText(self.model.explain(run) if run is not None else self.tr("There are no runs yet."))

    def _lay_out(self) -> None:
        self.view.setModel(self.model)
        self.view.setRootIsDecorated(False)
        self.view.setUniformRowHeights(True)
        self.view.setAlternatingRowColors(True)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.view.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.view.header().setResizeContentsPrecision(0)  # measure visible rows only, which is fast for long lists
        self.view.header().setStretchLastSection(True)
        self.view.selectionModel().selectionChanged.connect(lambda selected, deselected: self._update())
        buttons = QHBoxLayout()
        for button in (self.pause, self.resume, self.stop, self.open):
            buttons.addWidget(button)
        buttons.addStretch()
        buttons.addWidget(self.remove)
        layout = QVBoxLayout(self)
        layout.addWidget(self.view)
        layout.addWidget(self.progress)
        layout.addWidget(self.message)
        layout.addLayout(buttons)
        set_initial_size(self, width=51, height=20)


_STOPPABLE = (RunState.PAUSED, RunState.INTERRUPTED, RunState.FAILED)
