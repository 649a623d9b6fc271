"""The choice of what kind of answer a question has. Knows no question by itself."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtWidgets import QComboBox, QWidget

from ..shared.questions import AnswerType, Question, parse_questions

_NAME = "answer"


class AnswerKind(QComboBox):
    """A list of the kinds of answers, in words."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.addItem(self.tr("Text"), AnswerType.TEXT.value)
        self.addItem(self.tr("Yes or no"), AnswerType.YESNO.value)
        self.addItem(self.tr("Whole number"), AnswerType.INTEGER.value)
        self.addItem(self.tr("One of a list"), AnswerType.CHOICE.value)

    def choose(self, kind: AnswerType) -> None:
        """Show `kind`."""
        self.setCurrentIndex(self.findData(kind.value))

    def is_choice(self) -> bool:
        """Whether choices are needed."""
        return bool(self.currentData() == AnswerType.CHOICE.value)

    def question(self, text: str, choices: str) -> Question:
        """Return the question; choices have commas between them. QuestionError where it cannot be asked."""
        kind = str(self.currentData())
        if self.is_choice():
            kind = f"choice({'|'.join(part.strip() for part in choices.split(','))})"
        (question,) = parse_questions(f"{_NAME}[{kind}]: {text.strip()}")
        return question
