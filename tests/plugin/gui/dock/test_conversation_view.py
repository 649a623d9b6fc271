"""Answers in the panel: doubts about the picture, and the link that shows where the thing of an answer is."""

from __future__ import annotations

import pytest
from qgis.PyQt.QtCore import QUrl

from rsgpt_plugin.core.conversation_history import ConversationMessage
from rsgpt_plugin.gui.dock.conversation_view import ConversationView
from rsgpt_plugin.shared.answers.answer_types import AnswerType
from rsgpt_plugin.shared.answers.questions import Question

COUNT = ConversationMessage(
    "How many cars are there?", "cars: How many cars are there?", "2", 0.7, answered_by="finder"
)
CAPTION = ConversationMessage("Describe this image.", "", "a road", 0.7)


@pytest.fixture
def view(qgis_app: object) -> ConversationView:
    view = ConversationView()
    view.show_messages([CAPTION, COUNT])
    return view


def test_answers_to_questions_can_be_shown(view: ConversationView) -> None:
    assert view.toPlainText().count("Show where") == 1
    assert "70 % sure, found by the finder" in view.toPlainText()


def test_the_link_shows_and_hides(view: ConversationView) -> None:
    wanted: list[object] = []
    view.show_wanted.connect(wanted.append)
    view.anchorClicked.emit(QUrl("show:1"))
    view.note("2 × car")
    assert wanted == [COUNT]
    assert "Hide · 2 × car" in view.toPlainText()
    view.anchorClicked.emit(QUrl("show:1"))
    view.note("")
    assert wanted == [COUNT, None]
    assert "Show where" in view.toPlainText()
    assert "2 × car" not in view.toPlainText()


def test_a_doubt_about_the_picture_is_shown_below_the_answer(view: ConversationView) -> None:
    doubt = "20 m per pixel is outside of the range"
    line = Question("answer", "Is there water?", AnswerType.YESNO).line
    view.show_messages([])
    view.end(ConversationMessage("Is there water?", line, "yes", 0.9, doubt=doubt))
    assert f"yes\n{doubt}." in view.toPlainText()
    assert view.plain_text() == f"Is there water?\nyes\n{doubt}."
