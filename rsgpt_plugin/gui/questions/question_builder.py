"""A list of questions that is edited row by row, or as text with one question per line."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QPlainTextEdit, QPushButton, QToolButton, QVBoxLayout, QWidget

from ...errors import QuestionError
from ...services.asking.known_questions import chosen_limits, save_questions, saved_questions
from ...shared.answers.questions import Question, QuestionCheck, check_questions, parse_questions
from ..widgets import text_label
from .question_menu import QuestionMenu
from .question_row import QuestionRow

_TEXT_LINES = 5


class QuestionBuilder(QWidget):
    """Its value is the text form, as `parse_questions` reads it. changed: after each edit."""

    changed = pyqtSignal()

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.rows: list[QuestionRow] = []
        self._model = ""
        self._is_text = False
        self._given: Optional[str] = ""  # the text that was set, until it is edited
        self.box = QWidget()
        self.lines = QPlainTextEdit()
        self.lines.setFixedHeight(_TEXT_LINES * self.fontMetrics().lineSpacing() + 2 * self.lines.frameWidth() + 8)
        self.lines.setPlaceholderText(self.tr("water[yesno]: Is there any water?"))
        self.problem = text_label()
        self.add = QPushButton(self.tr("Add question"))
        self.menu = QuestionMenu(self)
        self.add.setMenu(self.menu)
        self.save = QToolButton()
        self.save.setIcon(QgsApplication.getThemeIcon("/mIconFavorites.svg"))
        self.save.setToolTip(self.tr("Save these questions, to add them from the menu later"))
        self.as_text = QToolButton()
        self.as_text.setText(self.tr("Edit as text"))
        self.as_text.setCheckable(True)
        self._lay_out()
        self._connect()
        self.show_text("")

    def text(self) -> str:
        """Return the questions, one per line."""
        if self._is_text:
            return self.lines.toPlainText()
        if self._given is not None:
            return self._given
        parts = [part for part in (row.part() for row in self.rows) if part]
        checks = check_questions(parts)
        return "\n".join(check.question.line if check.question else part for part, check in zip(parts, checks))

    def show_text(self, text: str) -> None:
        """Replace the questions, without a signal. A text that cannot be parsed is shown as text."""
        self._is_text = not self._show_rows(text)
        self._given = text
        self._show_lines(text)
        self._update()

    def set_model(self, model: str) -> None:
        """Show what a model cannot answer. model: name or folder, "" for the one in the options."""
        if model != self._model:
            self._model = model
            self._update()

    def questions(self) -> list[Question]:
        """Return the questions. Raises QuestionError."""
        return parse_questions(self.text())

    def _lay_out(self) -> None:
        self._row_layout = QVBoxLayout(self.box)
        self._row_layout.setContentsMargins(0, 0, 0, 0)
        buttons = QHBoxLayout()
        buttons.addWidget(self.add)
        buttons.addWidget(self.save)
        buttons.addStretch()
        buttons.addWidget(self.as_text)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.box, self.lines, self.problem):
            layout.addWidget(widget)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        self.menu.chosen.connect(self._add_question)
        self.save.clicked.connect(lambda checked: self._save_questions())
        self.as_text.toggled.connect(self._toggle)
        self.lines.textChanged.connect(self._edit)

    def _edit(self) -> None:
        self._given = None
        self._update()
        self.changed.emit()

    def _toggle(self, is_text: bool) -> None:
        if is_text:
            self._show_lines(self.text())
            self._is_text = True
        else:
            self._is_text = not self._show_rows(self.lines.toPlainText())
        self._update()

    def _show_lines(self, text: str) -> None:
        self.lines.blockSignals(True)
        self.lines.setPlainText(text)
        self.lines.blockSignals(False)

    def _show_rows(self, text: str) -> bool:
        """Show the questions as rows. Return False if the text cannot be parsed."""
        try:
            questions = parse_questions(text)
        except QuestionError:
            return False
        for row in self.rows:
            row.hide()
            row.deleteLater()
        self.rows = []
        for question in questions:
            self._append(question)
        return True

    def _append(self, question: Optional[Question]) -> QuestionRow:
        row = QuestionRow(self.box)
        if question is not None:
            row.show_question(question)
        row.changed.connect(self._edit)
        row.moved.connect(lambda step: self._move(row, step))
        row.removed.connect(lambda: self._remove(row))
        self.rows.append(row)
        self._row_layout.addWidget(row)
        return row

    def _add_question(self, question: Optional[Question]) -> None:
        if self._is_text:
            self._toggle(False)
        if self._is_text:  # the text cannot be shown as rows
            return
        names = {row.name.text().casefold() for row in self.rows}
        if question is not None and (question.name.casefold() in names or question.name == "answer"):
            question = replace(question, name="")
        row = self._append(question)
        self._edit()
        row.text.setFocus()

    def _move(self, row: QuestionRow, step: int) -> None:
        old = self.rows.index(row)
        new = min(max(0, old + step), len(self.rows) - 1)
        self.rows.insert(new, self.rows.pop(old))
        self._row_layout.removeWidget(row)
        self._row_layout.insertWidget(new, row)
        self._edit()

    def _remove(self, row: QuestionRow) -> None:
        self.rows.remove(row)
        row.hide()
        row.deleteLater()
        self._edit()

    def _save_questions(self) -> None:
        saved = saved_questions()
        texts = {question.text for question in saved}
        save_questions([*saved, *(question for question in self.questions() if question.text not in texts)])

    def _update(self) -> None:
        is_text = self._is_text
        self.as_text.blockSignals(True)
        self.as_text.setChecked(is_text)
        self.as_text.blockSignals(False)
        self.box.setVisible(not is_text and bool(self.rows))
        self.lines.setVisible(is_text)
        problem = self._text_problem() if is_text else ""
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        checks, limits = self._checks(), chosen_limits(self._model)
        for number, (row, check) in enumerate(zip(self.rows, checks), start=1):
            refusal = limits.refusal(check.question) if limits and check.question else ""
            row.show_check(check.problem or refusal, f"q{number}")
            row.up.setEnabled(number > 1)
            row.down.setEnabled(number < len(self.rows))
        self.save.setEnabled(not problem and bool(self.text().strip()) and not any(check.problem for check in checks))

    def _text_problem(self) -> str:
        try:
            self.questions()
        except QuestionError as error:
            return str(error)
        return ""

    def _checks(self) -> list[QuestionCheck]:
        """Return the check of each row; an empty row has no problem."""
        parts = [row.part() for row in self.rows]
        checks = iter(check_questions([part for part in parts if part]))
        return [next(checks) if part else QuestionCheck(None) for part in parts]
