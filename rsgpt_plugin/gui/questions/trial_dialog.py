"""The answers of a trial, each beside its picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtGui import QIcon, QPixmap
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QProgressBar,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ...services.background_task import BackgroundTask
from ...services.runs.trial_run import Trial, TrialRow
from ..widgets import set_initial_size, text_label

_SIDE = 96


class TrialDialog(QDialog):
    """Starts a task whose result is a Trial, and drops it when the dialog is closed."""

    def __init__(self, task: BackgroundTask, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Try the questions"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.status = text_label(self.tr("Asking… The first time, the model takes a moment to start."))
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.table = QTableWidget()
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setIconSize(QSize(_SIDE, _SIDE))
        self.table.setWordWrap(True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (self.status, self.bar, self.table, self.buttons):
            layout.addWidget(widget)
        set_initial_size(self, 40, 26)
        self._task = task
        task.reported.connect(self.status.setText)
        task.done.connect(self._show)
        task.failed.connect(lambda message, details: self._end(message))
        task.stopped.connect(lambda: self._end(self.tr("Stopped.")))
        self.destroyed.connect(task.drop)  # with the dialog of Processing, without `done`
        task.start()

    def done(self, result: int) -> None:
        """Drop the task when the dialog is closed in any way."""
        self._task.drop()
        super().done(result)

    def _end(self, text: str) -> None:
        self.bar.hide()
        self.status.setText(text)
        self.buttons.setStandardButtons(QDialogButtonBox.StandardButton.Close)

    def _show(self, trial: Trial) -> None:
        self._end(self.tr("A run will not ask these questions again: the answers are stored."))
        has_reasons = any(row.reason for row in trial.rows)
        headings = [self.tr("Picture"), *trial.names, *([self.tr("Reason")] if has_reasons else [])]
        self.table.setColumnCount(len(headings))
        self.table.setHorizontalHeaderLabels(headings)
        self.table.setRowCount(len(trial.rows))
        for number, row in enumerate(trial.rows):
            self.table.setItem(number, 0, _picture(row))
            self._fill(number, [*row.answers, *([row.reason] if has_reasons else [])])
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)

    def _fill(self, row: int, texts: Sequence[str]) -> None:
        for column, text in enumerate(texts, start=1):
            item = QTableWidgetItem(text)
            item.setToolTip(text)
            self.table.setItem(row, column, item)


def _picture(row: TrialRow) -> QTableWidgetItem:
    pixmap, item = QPixmap(), QTableWidgetItem()
    if pixmap.loadFromData(row.png):
        keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        item.setIcon(QIcon(pixmap.scaled(_SIDE, _SIDE, keep, smooth)))
    return item
