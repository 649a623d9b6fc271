"""Actions of a user in the builder of questions."""

from __future__ import annotations

from rsgpt_plugin.gui.questions.question_builder import QuestionBuilder


def choose(builder: QuestionBuilder, text: str) -> None:
    """Click an entry of the menu."""
    builder.menu.aboutToShow.emit()
    (entry,) = (entry for entry in builder.menu.actions() if entry.text() == text)
    entry.trigger()
