"""The ask dialog: it can be accepted only with a valid question."""

from __future__ import annotations

import pytest
from qgis.PyQt.QtWidgets import QDialogButtonBox

from rsgpt_plugin.gui.ask_dialog import AskDialog
from rsgpt_plugin.shared.answers.answer_types import AnswerType
from rsgpt_plugin.shared.answers.questions import Question


@pytest.fixture
def dialog(qgis_app: object) -> AskDialog:
    return AskDialog()


def can_be_accepted(dialog: AskDialog) -> bool:
    return bool(dialog.buttons.button(QDialogButtonBox.StandardButton.Ok).isEnabled())


def choose(dialog: AskDialog, kind: AnswerType) -> None:
    dialog.kind.setCurrentIndex(dialog.kind.findData(kind.name))


def test_an_empty_dialog_says_what_is_missing(dialog: AskDialog) -> None:
    assert not can_be_accepted(dialog)
    assert dialog.problem.text() == "Enter a question."
    assert not dialog.choices.isEnabled()


@pytest.mark.parametrize("kind", [AnswerType.TEXT, AnswerType.YESNO, AnswerType.INTEGER])
def test_each_kind_becomes_a_typed_question(dialog: AskDialog, kind: AnswerType) -> None:
    dialog.text.setText("  Is it: [a] harbour? ")
    choose(dialog, kind)
    assert can_be_accepted(dialog)
    assert dialog.question() == Question("answer", "Is it: [a] harbour?", kind)


def test_a_choice_question_needs_two_choices(dialog: AskDialog) -> None:
    dialog.text.setText("Which is it?")
    choose(dialog, AnswerType.CHOICE)
    assert dialog.choices.isEnabled()
    assert not can_be_accepted(dialog)
    dialog.choices.setText("forest, ")
    assert not can_be_accepted(dialog)
    dialog.choices.setText("forest, town ")
    assert can_be_accepted(dialog)
    assert dialog.question() == Question("answer", "Which is it?", AnswerType.CHOICE, ("forest", "town"))


def test_minimum_confidence_is_shown_in_percent(qgis_app: object) -> None:
    dialog = AskDialog(0.35)
    assert dialog.minimum.text() == "35 %"
    dialog.minimum.setValue(0)
    assert (dialog.minimum.text(), dialog.least_confidence()) == ("any", 0.0)
    dialog.minimum.setValue(60)
    assert dialog.least_confidence() == 0.6


def test_an_invalid_question_gives_a_message(dialog: AskDialog) -> None:
    dialog.text.setText("x" * 3000)
    assert not can_be_accepted(dialog)
    assert "2000 characters" in dialog.problem.text()


def test_a_question_that_the_built_in_model_cannot_answer_can_be_asked_with_a_warning(dialog: AskDialog) -> None:
    dialog.text.setText("Who lives here?")
    assert dialog.problem.text() == "rsgpt-small cannot tell a person from a picture"
    assert can_be_accepted(dialog)


def test_the_dialog_says_what_the_model_refuses_and_passes_a_list_of_choices(dialog: AskDialog) -> None:
    dialog.text.setText("How wide is the road?")
    choose(dialog, AnswerType.TEXT)
    assert dialog.problem.text() == "rsgpt-small cannot tell a measure from a picture"
    choose(dialog, AnswerType.CHOICE)
    dialog.choices.setText("one lane, two lanes")
    assert dialog.problem.text() == ""
