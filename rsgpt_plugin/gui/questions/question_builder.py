"""A list of questions that is edited row by row, or as text with one question per line."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QPlainTextEdit, QPushButton, QToolButton, QVBoxLayout, QWidget

from ...errors import QuestionError
from ...services.asking.known_questions import chosen_limits, save_questions, saved_questions
from ...shared.answers.questions import Question, QuestionCheck, check_questions, is_default_name, parse_questions
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
        self._given: Optional[str] = ""  # the text that is shown, until it is edited
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
        if self._given is not None:
            return self._given
        if self._is_text:
            return self.lines.toPlainText()
        parts = [row.part() for row in self.rows]
        lines = (check.question.line if check.question else part for part, check in zip(parts, self._checks()))
        return "\n".join(filter(None, lines))

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
        """Return the questions. Raises QuestionError, also for a row that would be read as several questions."""
        questions = parse_questions(self.text())
        problem = next((check.problem for check in self._checks() if check.problem), "")
        if problem:
            raise QuestionError(problem[:1].upper() + problem[1:])
        return questions

    def text_problem(self) -> str:
        """Return why `questions` cannot be read, "" if they can."""
        try:
            self.questions()
        except QuestionError as error:
            return str(error)
        return ""

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
            self._given = self.text()  # the text box turns some spaces into others
            self._show_lines(self._given)
            self._is_text = True
        else:
            self._is_text = not self._show_rows(self.text())
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
        self._order_tabs()
        return True

    def _append(self, question: Optional[Question]) -> QuestionRow:
        row = QuestionRow(self.box)
        if question is not None:
            row.show_question(question)
        row.changed.connect(self._edit)
        row.entered.connect(lambda: self._enter(row))
        row.moved.connect(lambda step: self._move(row, step))
        row.removed.connect(lambda: self._remove(row))
        self.rows.append(row)
        self._row_layout.addWidget(row)
        return row

    def _add_question(self, question: Optional[Question]) -> None:
        if self._is_text:
            self._toggle(False)
        if self._is_text:  # the text cannot be shown as rows; the button is disabled
            return
        if question is not None and not self._is_free(question.name):
            question = replace(question, name="")
        row = self._append(question)
        self._order_tabs()
        self._edit()
        row.show()  # at once, so that it can get the focus
        row.text.setFocus()

    def _enter(self, row: QuestionRow) -> None:
        """Go to the next question; add one after the last, unless that is still empty."""
        following = self.rows[self.rows.index(row) + 1 :]
        if following:
            following[0].text.setFocus()
        elif row.part():
            self._add_question(None)

    def _order_tabs(self) -> None:
        """Let the Tab key follow the rows. The text form is the anchor: it is hidden while there are rows."""
        widgets = [widget for row in self.rows for widget in row.tab_order()]
        order = [self.lines, *widgets, self.add, self.save, self.as_text]
        for earlier, later in zip(order, order[1:]):
            QWidget.setTabOrder(earlier, later)

    def _is_free(self, name: str) -> bool:
        """Return whether a question may keep its name; those that tell nothing are not kept."""
        names = {check.name.casefold() for check in self._checks()}
        return name.casefold() not in names and name != "answer" and not is_default_name(name)

    def _move(self, row: QuestionRow, step: int) -> None:
        old = self.rows.index(row)
        new = min(max(0, old + step), len(self.rows) - 1)
        self.rows.insert(new, self.rows.pop(old))
        self._row_layout.removeWidget(row)
        self._row_layout.insertWidget(new, row)
        self._order_tabs()
        self._edit()

    def _remove(self, row: QuestionRow) -> None:
        self.rows.remove(row)
        row.hide()
        row.deleteLater()
        self._edit()

    def _save_questions(self) -> None:
        save_questions([*saved_questions(), *self._unsaved()])
        self._update()

    def _unsaved(self) -> list[Question]:
        saved = {replace(question, name="") for question in saved_questions()}
        return [question for question in self.questions() if replace(question, name="") not in saved]

    def _update(self) -> None:
        is_text = self._is_text
        self.as_text.blockSignals(True)
        self.as_text.setChecked(is_text)
        self.as_text.blockSignals(False)
        self.box.setVisible(not is_text and bool(self.rows))
        self.lines.setVisible(is_text)
        problem = self.text_problem()
        self.problem.setText(problem)
        self.problem.setVisible(is_text and bool(problem))
        limits = chosen_limits(self._model)
        for number, (row, check) in enumerate(zip(self.rows, self._checks()), start=1):
            refusal = limits.refusal(check.question) if limits and check.question else ""
            row.show_check(check.problem or refusal, check.name)
            row.up.setEnabled(number > 1)
            row.down.setEnabled(number < len(self.rows))
        self.save.setEnabled(not problem and bool(self._unsaved()))
        self.add.setEnabled(not is_text or not problem)

    def _checks(self) -> list[QuestionCheck]:
        """Return the check of each row; none while the text is edited instead."""
        return [] if self._is_text else check_questions([row.part() for row in self.rows])
