"""The choice of what kind of answer a question has. Knows no question by itself."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtWidgets import QComboBox, QWidget

from ..shared.answers import answer_types
from ..shared.answers.answer_types import AnswerType
from ..shared.answers.questions import Question, parse_questions
from ..shared.i18n import marked

_NAME = "answer"


class AnswerTypeBox(QComboBox):
    """A list of the kinds of answers, in words."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        for kind in answer_types.TYPES:
            self.addItem(marked(kind.label), kind.name)

    def choose(self, kind: AnswerType) -> None:
        """Show `kind`."""
        self.setCurrentIndex(self.findData(kind.name))

    def is_choice(self) -> bool:
        """Whether choices are needed."""
        return self._type().has_choices

    def question(self, text: str, choices: str) -> Question:
        """Return the question; choices have commas between them. QuestionError where it cannot be asked."""
        kind = self._type().written([part.strip() for part in choices.split(",")])
        (question,) = parse_questions(f"{_NAME}[{kind}]: {text.strip()}")
        return question

    def _type(self) -> AnswerType:
        return answer_types.answer_type(str(self.currentData())) or AnswerType.TEXT
