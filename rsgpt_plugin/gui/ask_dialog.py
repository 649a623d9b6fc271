"""The dialog of “Ask about this area…”: a question and its answer type."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QWidget

from ..errors import QuestionError
from ..services.asking.known_questions import chosen_limits
from ..shared.answers.questions import Question, split_choices
from .answer_type_box import AnswerTypeBox
from .widgets import PercentBox, text_label


class AskDialog(QDialog):
    """Can be accepted only while `question()` is valid."""

    def __init__(self, least_confidence: float = 0.0, parent: Optional[QWidget] = None) -> None:
        """least_confidence: the initial minimum confidence, 0 to 1."""
        super().__init__(parent)
        self.setWindowTitle(self.tr("Ask about this area"))
        self.text = QLineEdit()
        self.text.setPlaceholderText(self.tr("How many cars are there?"))
        self.text.setMinimumWidth(360)
        self.kind = AnswerTypeBox()
        self.choices = QLineEdit()
        self.choices.setPlaceholderText(self.tr("forest, farmland, town"))
        self.minimum = PercentBox()
        self.minimum.setToolTip(self.tr("Less certain answers are hidden, but cached for later."))
        self.minimum.show_share(least_confidence)
        self.problem = text_label()
        roles = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(roles.Ok | roles.Cancel)
        self._lay_out()
        self._update()

    def question(self) -> Question:
        """Return the question. Raises QuestionError if it is not valid."""
        return self.kind.question(self.text.text(), self.choices.text())

    def least_confidence(self) -> float:
        """Return the minimum confidence of an answer, 0 to 1."""
        return self.minimum.share()

    def _lay_out(self) -> None:
        layout = QFormLayout(self)
        layout.addRow(self.tr("Question"), self.text)
        layout.addRow(self.tr("Answer"), self.kind)
        layout.addRow(self.tr("Choices"), self.choices)
        layout.addRow(self.tr("Minimum confidence"), self.minimum)
        layout.addRow(self.problem)
        layout.addRow(self.buttons)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.text.textChanged.connect(self._update)
        self.choices.textChanged.connect(self._update)
        self.kind.currentIndexChanged.connect(self._update)

    def _update(self) -> None:
        is_choice = self.kind.is_choice()
        self.choices.setEnabled(is_choice)
        problem = self._problem_text(is_choice)
        self.problem.setText(problem or self._refusal())
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not problem)

    def _problem_text(self, is_choice: bool) -> str:
        if not self.text.text().strip():
            return self.tr("Enter a question.")
        if is_choice and len(split_choices(self.choices.text())) < 2:
            return self.tr("Enter at least two choices, separated by |.")
        try:
            self.question()
        except QuestionError as error:
            return str(error)
        return ""

    def _refusal(self) -> str:
        """Return why the model will not answer the question, "" if it may; the question must be valid."""
        limits = chosen_limits()
        return limits.refusal(self.question()) if limits is not None else ""
