"""The page to choose the user's own Python, which is checked in a separate process."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Optional

from qgis.gui import QgsFileWidget
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QProgressBar, QPushButton, QVBoxLayout, QWizardPage

from ...client.environment.user_python import UserPython
from ...services.background_task import BackgroundTask
from ...services.machine.environment_setup import examine_python
from ..problem_box import ProblemBox
from ..widgets import text_label
from .draft import SetupDraft, WizardPage


class PythonPage(QWizardPage):
    """Complete when the chosen interpreter has imported the packages that the model needs."""

    def __init__(self, draft: SetupDraft) -> None:
        super().__init__()
        self._draft = draft
        self._work: Optional[BackgroundTask] = None
        self._checked_path = ""
        self.setTitle(self.tr("Your own Python"))
        self.setSubTitle(
            self.tr("Python 3.11 or newer with PyTorch and transformers, for example from a conda environment.")
        )
        self.file = QgsFileWidget()
        self.file.setDialogTitle(self.tr("Choose a Python interpreter"))
        self.check = QPushButton(self.tr("Check"))
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.hide()
        self.result = text_label()
        self.problem = ProblemBox()
        layout = QVBoxLayout(self)
        for widget in (self.file, self.check, self.bar, self.result, self.problem):
            layout.addWidget(widget, 0, Qt.AlignmentFlag.AlignLeft if widget is self.check else Qt.AlignmentFlag(0))
        layout.addStretch()
        self.file.fileChanged.connect(self._changed)
        self.check.clicked.connect(self._check)
        self.problem.again.connect(self._check)
        self.file.setFilePath(draft.preferences.python)

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        return bool(self._checked_path) and self._checked_path == self.file.filePath()

    def nextId(self) -> int:  # noqa: N802 - Qt's name
        return int(WizardPage.ANSWER)

    def validatePage(self) -> bool:  # noqa: N802 - Qt's name
        self._draft.preferences = replace(self._draft.preferences, python=self._checked_path)
        return True

    def stop(self) -> None:
        """Drop the check in progress."""
        work, self._work = self._work, None
        if work is not None:
            work.drop()
        self.bar.hide()

    def _changed(self, path: str) -> None:
        self.stop()
        self.problem.hide()
        self.result.clear()
        self.check.setEnabled(bool(path.strip()))
        self.completeChanged.emit()

    def _check(self, checked: bool = False) -> None:
        self.stop()
        self.problem.hide()
        self.bar.show()
        self.result.setText(self.tr("Importing PyTorch and transformers… This can take a minute."))
        self._work = examine_python(_absolute(self.file.filePath()))
        self._work.done.connect(self._show_result)
        self._work.failed.connect(self._show_problem)
        self._work.start()

    def _show_result(self, python: UserPython) -> None:
        self._work = None
        self.bar.hide()
        self._checked_path = self.file.filePath()
        self.result.setText(
            self.tr("This Python works: PyTorch {torch}, transformers {transformers}, on {devices}.").format(
                torch=python.torch, transformers=python.transformers, devices=", ".join(python.devices)
            )
        )
        self.completeChanged.emit()

    def _show_problem(self, sentence: str, details: str) -> None:
        self._work = None
        self.bar.hide()
        self.result.clear()
        self.problem.show_problem(sentence, details)


def _absolute(text: str) -> str:
    """Return the path of the interpreter; for the folder of an environment, the interpreter in it."""
    path = Path(text).expanduser()
    interpreter = path / ("python.exe" if os.name == "nt" else "bin/python")
    return str(interpreter if path.is_dir() and interpreter.exists() else path)
