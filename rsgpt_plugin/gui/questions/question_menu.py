"""The menu with questions to add: an empty one, templates, saved questions and questions of recent runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QMenu, QWidget

from ...services.asking.known_questions import recent_questions, saved_questions
from ...shared.answers.questions import Question, parse_questions

# Questions that the built-in model answers best, in English because it reads only English.
_TEMPLATES = """
water[yesno]: Is there any water?
buildings[yesno]: Are there any buildings?
trees[yesno]: Are there any trees?
kind[text]: What kind of area is this?
use[choice(residential|industrial|farmland|forest|water)]: Which kind of area is this?
buildings_count[integer]: How many buildings are there?
road_place[text]: Where is the road?
"""

_SHOWN_CHARACTERS = 80


class QuestionMenu(QMenu):
    """Filled each time it opens. chosen: a Question, or None for an empty one."""

    chosen = pyqtSignal(object)

    def __init__(self, parent: Optional[QWidget] = None, *, has_empty: bool = True) -> None:
        """has_empty: whether an empty question is offered, too."""
        super().__init__(parent)
        self._has_empty = has_empty
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self._fill)

    def _fill(self) -> None:
        self.clear()
        if self._has_empty:
            self._add(self.tr("New question"), None)
        self._add_group(self.tr("Templates"), parse_questions(_TEMPLATES))
        self._add_group(self.tr("Saved"), saved_questions())
        self._add_group(self.tr("Recent"), recent_questions())

    def _add_group(self, title: str, questions: Sequence[Question]) -> None:
        if questions:
            self.addSection(title)
            for question in questions:
                self._add(question.text, question)

    def _add(self, text: str, question: Optional[Question]) -> None:
        width = _SHOWN_CHARACTERS * self.fontMetrics().averageCharWidth()
        shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width)
        entry = self.addAction(shown.replace("&", "&&"))
        entry.setToolTip(question.line if question is not None else "")
        entry.triggered.connect(lambda checked: self.chosen.emit(question))
