"""Questions on a single line, with a dialog to edit them row by row: for tables such as Processing's batch mode."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLineEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...shared.answers.questions import on_one_line
from ..widgets import scroll_area, set_initial_size
from .question_builder import QuestionBuilder

_SHOWN_CHARACTERS = 40
_LARGEST = 2**20  # instead of QLineEdit's 32,767 characters, which would cut long lists of questions


class QuestionLine(QWidget):
    """Its value is the text form on one line. changed: after each edit."""

    changed = pyqtSignal()

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._model = ""
        self.line = QLineEdit()
        self.line.setMaxLength(_LARGEST)
        self.line.setPlaceholderText(self.tr("water[yesno]: Is there any water?"))
        self.line.setMinimumWidth(_SHOWN_CHARACTERS * self.fontMetrics().averageCharWidth())
        self.edit = QToolButton()
        self.edit.setText("…")
        self.edit.setToolTip(self.tr("Edit the questions row by row"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.line, 1)
        layout.addWidget(self.edit)
        self.line.textChanged.connect(self._edit_line)
        self.edit.clicked.connect(lambda checked: self._open())

    def text(self) -> str:
        """Return the questions."""
        return str(self.line.text())

    def show_text(self, text: str) -> None:
        """Replace the questions, without a signal. Lines are joined by semicolons."""
        self.line.blockSignals(True)
        self.line.setText(on_one_line(text))
        self.line.setCursorPosition(0)
        self.line.blockSignals(False)

    def set_model(self, model: str) -> None:
        """Let the dialog show what a model cannot answer, as QuestionBuilder.set_model."""
        self._model = model

    def _edit_line(self, text: str) -> None:
        if len(text.splitlines()) > 1:  # pasted
            self.show_text(text)
            self.line.end(False)
        self.changed.emit()

    def _open(self) -> None:
        dialog = QuestionDialog(self.text(), self, self._model)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.line.setText(on_one_line(dialog.builder.text()))
        dialog.deleteLater()


class QuestionDialog(QDialog):
    """Edits questions in a builder. model: as in QuestionBuilder.set_model."""

    def __init__(self, text: str, parent: Optional[QWidget] = None, model: str = "") -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Questions"))
        self.builder = QuestionBuilder()
        self.builder.set_model(model)
        self.builder.show_text(text)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(scroll_area(self.builder), 1)
        layout.addWidget(self.buttons)
        self.builder.changed.connect(self._update)
        self._update()
        set_initial_size(self, 40, 20)

    def _update(self) -> None:
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not self.builder.text_problem())
