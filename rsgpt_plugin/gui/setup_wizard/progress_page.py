"""The page that runs the setup and shows its progress and output."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsApplication
from qgis.gui import QgsCollapsibleGroupBox
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QProgressBar, QPushButton, QVBoxLayout, QWizardPage

from ...processing.run_progress import time_left_text
from ...services.machine.environment_setup import SetupTask
from ..problem_box import ProblemBox
from ..widgets import text_label
from .draft import SetupDraft, WizardPage

_MAX_LINES = 5000


class ProgressPage(QWizardPage):
    """Starts the setup when the page is shown. Complete when the environment is ready."""

    def __init__(self, draft: SetupDraft) -> None:
        super().__init__()
        self._draft = draft
        self._task: Optional[SetupTask] = None
        self._is_ready = False
        self.setTitle(self.tr("Setting up"))
        self.setSubTitle(self.tr("You can continue to work in QGIS. If you stop, downloaded files are kept."))
        self.line = text_label()
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setFormat("%p %")
        self.left = QLabel()
        self.stop_button = QPushButton(self.tr("Stop"))
        self.problem = ProblemBox()
        self.output = QPlainTextEdit()
        self.output.setReadOnly(True)
        self.output.setMaximumBlockCount(_MAX_LINES)
        self.output.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._lay_out()
        self.stop_button.clicked.connect(self._stop)
        self.problem.again.connect(self.initializePage)

    def initializePage(self) -> None:  # noqa: N802 - Qt's name
        """Start the setup, or resume it after a stop or a failure."""
        self._is_ready = False
        self.problem.hide()
        self.bar.setValue(0)
        self.stop_button.setEnabled(True)
        self.line.setText(self.tr("Starting…"))
        self._task = SetupTask(self._draft.build, self._draft.from_scratch)
        self._task.reported.connect(self.line.setText)
        self._task.printed.connect(self.output.appendPlainText)
        self._task.progressed.connect(self._show_progress)
        self._task.ended.connect(self._end)
        QgsApplication.taskManager().addTask(self._task)
        self.completeChanged.emit()

    def cleanupPage(self) -> None:  # noqa: N802 - Qt's name
        """Stop the setup when the user goes back."""
        self.stop()

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        return self._is_ready

    def nextId(self) -> int:  # noqa: N802 - Qt's name
        return int(WizardPage.ANSWER)

    def stop(self) -> None:
        """Stop the setup without reporting its end."""
        task, self._task = self._task, None
        if task is not None:
            for signal in (task.reported, task.printed, task.progressed, task.ended):
                signal.disconnect()
            task.cancel()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.bar, 1)
        row.addWidget(self.stop_button)
        box = QgsCollapsibleGroupBox(self.tr("Full output"))
        box.setCollapsed(True)
        QVBoxLayout(box).addWidget(self.output)
        layout = QVBoxLayout(self)
        layout.addWidget(self.line)
        layout.addLayout(row)
        layout.addWidget(self.left)
        layout.addWidget(self.problem)
        layout.addWidget(box, 1)
        layout.addStretch()

    def _stop(self, checked: bool) -> None:
        self.stop_button.setEnabled(False)
        if self._task is not None:
            self._task.cancel()

    def _show_progress(self, share: float, seconds_left: float) -> None:
        self.bar.setValue(round(1000 * share))
        self.left.setText(time_left_text(seconds_left))

    def _end(self, is_ready: bool, sentence: str) -> None:
        task, self._task = self._task, None
        self._is_ready = is_ready
        self.stop_button.setEnabled(False)
        self.left.clear()
        self.line.setText(sentence if is_ready else "")
        if is_ready:
            self._draft.from_scratch = False
            self.bar.setValue(self.bar.maximum())
        else:
            self.problem.show_problem(sentence, task.details if task is not None else "")
        self.completeChanged.emit()
