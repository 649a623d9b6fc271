"""The dialog that converts published checkpoints into a model folder."""

from __future__ import annotations

from typing import Optional

from qgis.gui import QgsFileWidget
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QPlainTextEdit,
    QProgressBar,
    QWidget,
)

from ...client.preferences import load
from ...services.background_task import BackgroundTask
from ...services.machine.model_commands import Conversion, convert_checkpoint
from ..problem_box import ProblemBox
from ..widgets import text_label


class ConvertDialog(QDialog):
    """Runs the backend's convert command and shows its output. `converted` carries the new folder."""

    converted = pyqtSignal(str)

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Convert a checkpoint"))
        self.setMinimumWidth(560)
        self._work: Optional[BackgroundTask] = None
        self.checkpoints = QgsFileWidget()
        self.checkpoints.setStorageMode(QgsFileWidget.StorageMode.GetMultipleFiles)
        self.folder, self.language, self.reader = QgsFileWidget(), QgsFileWidget(), QgsFileWidget()
        for widget in (self.folder, self.language, self.reader):
            widget.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self.out = QgsFileWidget()
        self.out.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.hide()
        self.output = QPlainTextEdit()
        self.output.setReadOnly(True)
        self.output.hide()
        self.problem = ProblemBox()
        self.problem.again.connect(self._convert)
        roles = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(roles.Ok | roles.Cancel)
        self.buttons.button(roles.Ok).setText(self.tr("Convert"))
        self._lay_out()
        self._update()

    def conversion(self) -> Conversion:
        """Return the input of the conversion."""
        files = tuple(QgsFileWidget.splitFilePaths(self.checkpoints.filePath()))
        folder = self.folder.filePath().strip()
        return Conversion(
            files + ((folder,) if folder else ()),
            self.out.filePath().strip(),
            self.language.filePath().strip(),
            self.reader.filePath().strip(),
        )

    def done(self, result: int) -> None:
        """Close the dialog and stop the conversion."""
        if self._work is not None:
            self._work.drop()
            self._work = None
        super().done(result)

    def _lay_out(self) -> None:
        note = text_label(
            self.tr(
                "Supported checkpoints: RSGPT, InstructBLIP, BLIP-2 (LAVIS files or transformers "
                "folders) and MiniGPT-4. No code in them is executed."
            )
        )
        layout = QFormLayout(self)
        layout.addRow(note)
        layout.addRow(self.tr("Checkpoint files"), self.checkpoints)
        layout.addRow(self.tr("or a transformers folder"), self.folder)
        layout.addRow(self.tr("Language model folder"), self.language)
        layout.addRow(self.tr("bert-base-uncased folder"), self.reader)
        layout.addRow(self.tr("New model folder"), self.out)
        for widget in (self.bar, self.output, self.problem, self.buttons):
            layout.addRow(widget)
        for widget in (self.checkpoints, self.folder, self.out):
            widget.fileChanged.connect(self._update)
        self.buttons.accepted.connect(self._convert)
        self.buttons.rejected.connect(self.reject)

    def _update(self, path: str = "") -> None:
        conversion = self.conversion()
        is_complete = bool(conversion.checkpoints and conversion.out) and self._work is None
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(is_complete)

    def _convert(self) -> None:
        self.problem.hide()
        self.output.clear()
        self.output.show()
        self.bar.show()
        self._work = convert_checkpoint(load(), self.conversion())
        self._work.reported.connect(self.output.appendPlainText)
        self._work.done.connect(self._finish)
        self._work.failed.connect(self._show_problem)
        self._work.stopped.connect(self._end)
        self._work.start()
        self._update()

    def _finish(self, folder: str) -> None:
        self._end()
        self.converted.emit(folder)
        self.accept()

    def _show_problem(self, sentence: str, details: str) -> None:
        self._end()
        self.problem.show_problem(sentence, details)

    def _end(self) -> None:
        self._work = None
        self.bar.hide()
        self._update()
