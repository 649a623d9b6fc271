"""A combo box for the answer type of a question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QWheelEvent
from qgis.PyQt.QtWidgets import QComboBox, QWidget

from ..shared.answers import answer_types
from ..shared.answers.answer_types import AnswerType
from ..shared.answers.questions import Question, parse_question, split_choices
from ..shared.i18n import marked
from ..shared.text import one_line

_NAME = "answer"


class AnswerTypeBox(QComboBox):
    """Lists the answer types by their labels. The wheel changes it only while it has the focus."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        for kind in answer_types.TYPES:
            self.addItem(marked(kind.label), kind.name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()  # what contains the box scrolls

    def choose(self, kind: AnswerType) -> None:
        """Select an answer type."""
        self.setCurrentIndex(self.findData(kind.name))

    def is_choice(self) -> bool:
        """Return whether the selected type needs choices."""
        return self.kind().has_choices

    def question(self, text: str, choices: str) -> Question:
        """Return the question. choices: as `split_choices` reads them. Raises QuestionError if it is not valid."""
        kind = self.kind().written(split_choices(one_line(choices)))
        return parse_question(f"{_NAME}[{kind}]: {one_line(text)}")

    def kind(self) -> AnswerType:
        """Return the selected type."""
        return answer_types.answer_type(str(self.currentData())) or AnswerType.TEXT


def choices_text(choices: Sequence[str]) -> str:
    """Return choices as in a question line; `split_choices` reads them back."""
    return "|".join(choices)
