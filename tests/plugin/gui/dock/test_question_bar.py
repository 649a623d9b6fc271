"""The question bar asks valid questions, reports the others, and keeps saved questions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QAction

from rsgpt_plugin.client.preferences import Preferences, load, save
from rsgpt_plugin.core.paths import runs_file
from rsgpt_plugin.core.run_store import RunRequest, RunStore
from rsgpt_plugin.gui.dock.question_bar import QuestionBar
from rsgpt_plugin.shared.answers.answer_types import AnswerType
from rsgpt_plugin.shared.answers.questions import Question

KIND = Question("answer", "Which kind?", AnswerType.CHOICE, ("forest", "town"))


class ShownBar:
    """A question bar and its signals."""

    def __init__(self) -> None:
        self.bar = QuestionBar()
        self.signals: list[tuple[str, Any]] = []
        for name in ("asked", "failed", "described"):
            getattr(self.bar, name).connect(lambda value, name=name: self.signals.append((name, value)))

    def menu(self) -> dict[str, QAction]:
        """The entries of the menu by their text."""
        self.bar.menu.aboutToShow.emit()
        return {entry.text(): entry for entry in self.bar.menu.actions() if not entry.isSeparator()}


@pytest.fixture
def shown(qgis_app: object) -> ShownBar:
    return ShownBar()


@pytest.mark.parametrize("how", ["enter", "button"])
def test_a_question_is_asked_by_enter_and_by_the_button(shown: ShownBar, how: str) -> None:
    shown.bar.kind.choose(AnswerType.YESNO)
    QTest.keyClicks(shown.bar.text, " Is there water? ")
    if how == "enter":
        QTest.keyClick(shown.bar.text, Qt.Key.Key_Return)
    else:
        QTest.mouseClick(shown.bar.ask, Qt.MouseButton.LeftButton)
    assert shown.signals == [("asked", Question("answer", "Is there water?", AnswerType.YESNO))]
    assert shown.bar.text.selectedText() == " Is there water? "  # the next question replaces it


def test_choices_are_visible_for_choices_only_and_ask_by_enter(shown: ShownBar) -> None:
    assert shown.bar.choices.isHidden()
    shown.bar.kind.choose(AnswerType.CHOICE)
    assert not shown.bar.choices.isHidden()
    shown.bar.text.setText("Which kind?")
    QTest.keyClicks(shown.bar.choices, "forest, town")
    QTest.keyClick(shown.bar.choices, Qt.Key.Key_Return)
    assert shown.signals == [("asked", KIND)]
    shown.bar.kind.choose(AnswerType.INTEGER)
    assert shown.bar.choices.isHidden()


@pytest.mark.parametrize("text", ["", "   "])
def test_an_empty_question_is_reported(shown: ShownBar, text: str) -> None:
    shown.bar.text.setText(text)
    shown.bar.ask.click()
    assert shown.signals == [("failed", "Enter a question.")]


def test_an_invalid_question_is_reported_and_not_asked(shown: ShownBar) -> None:
    shown.bar.kind.choose(AnswerType.CHOICE)
    shown.bar.text.setText("Which kind?")
    shown.bar.choices.setText("forest")
    shown.bar.ask.click()
    ((name, message),) = shown.signals
    assert name == "failed"
    assert "at least two options" in message


def test_descriptions_are_requested_short_or_detailed(shown: ShownBar) -> None:
    shown.bar.describe.click()
    shown.bar.detail.click()
    assert shown.signals == [("described", False), ("described", True)]


def test_while_busy_nothing_is_asked_but_the_text_can_be_edited(shown: ShownBar) -> None:
    shown.bar.set_busy(True)
    QTest.keyClicks(shown.bar.text, "Is there water?")
    QTest.keyClick(shown.bar.text, Qt.Key.Key_Return)
    for button in (shown.bar.ask, shown.bar.describe, shown.bar.detail):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert (shown.signals, shown.bar.text.text()) == ([], "Is there water?")
    shown.bar.set_busy(False)
    QTest.keyClick(shown.bar.text, Qt.Key.Key_Return)
    assert [name for name, _ in shown.signals] == ["asked"]


@pytest.mark.parametrize("question", [KIND, Question("answer", "How many?", AnswerType.INTEGER)])
def test_a_shown_question_is_asked_unchanged(shown: ShownBar, question: Question) -> None:
    shown.bar.show_question(question)
    shown.bar.ask.click()
    assert shown.signals == [("asked", question)]


def test_questions_are_saved_restored_and_removed(shown: ShownBar) -> None:
    shown.bar.show_question(KIND)
    shown.menu()["Save this question"].trigger()
    assert load().saved_questions == ("answer[choice(forest|town)]: Which kind?",)
    shown.bar.text.clear()
    shown.bar.kind.choose(AnswerType.TEXT)
    shown.menu()["Which kind?"].trigger()
    assert (shown.bar.text.text(), shown.bar.kind.is_choice()) == ("Which kind?", True)
    assert shown.bar.choices.text() == "forest|town"
    shown.menu()["Remove this question"].trigger()
    assert load().saved_questions == ()


@pytest.mark.parametrize(
    ("text", "can_save", "can_remove"), [("", False, False), ("New?", True, False), ("Which kind?", False, True)]
)
def test_the_menu_offers_what_is_possible(shown: ShownBar, text: str, can_save: bool, can_remove: bool) -> None:
    save(replace(Preferences(), saved_questions=(KIND.line,)))
    shown.bar.text.setText(text)
    menu = shown.menu()
    assert menu["Save this question"].isEnabled() is can_save
    assert menu["Remove this question"].isEnabled() is can_remove


def test_saving_and_removing_keep_the_other_questions_and_preferences(shown: ShownBar) -> None:
    before = replace(Preferences(), saved_questions=(KIND.line,), least_confidence=0.35)
    save(before)
    shown.bar.text.setText("New?")
    shown.menu()["Save this question"].trigger()
    assert load() == replace(before, saved_questions=(KIND.line, "answer[text]: New?"))
    shown.menu()["Remove this question"].trigger()
    assert load() == before


def test_an_invalid_question_is_not_saved(shown: ShownBar) -> None:
    shown.bar.kind.choose(AnswerType.CHOICE)
    shown.bar.text.setText("Which kind?")
    shown.menu()["Save this question"].trigger()
    assert load().saved_questions == ()
    assert shown.signals[0][0] == "failed"


def test_saved_lines_that_cannot_be_read_are_left_out(shown: ShownBar) -> None:
    save(replace(Preferences(), saved_questions=("x[choice(a)]: Broken?", KIND.line)))
    menu = list(shown.menu())
    assert menu[-3:] == ["Which kind?", "Save this question", "Remove this question"]
    assert "Broken?" not in menu


def test_templates_and_recent_questions_are_offered(shown: ShownBar) -> None:
    runs_file().parent.mkdir(parents=True, exist_ok=True)
    with RunStore(runs_file()) as store:
        store.begin("run", RunRequest("rsgpt:describeraster", "x", {"QUESTIONS": "old[integer]: How old?"}), {})
    shown.menu()["Is there any water?"].trigger()
    assert (shown.bar.text.text(), shown.bar.kind.kind()) == ("Is there any water?", AnswerType.YESNO)
    shown.menu()["How old?"].trigger()
    assert (shown.bar.text.text(), shown.bar.kind.kind()) == ("How old?", AnswerType.INTEGER)
    assert "New question" not in shown.menu()


def test_what_the_model_cannot_answer_is_said_while_typing(shown: ShownBar) -> None:
    QTest.keyClicks(shown.bar.text, "Why is it red?")
    assert (shown.bar.hint.text(), shown.bar.hint.isHidden()) == (
        "rsgpt-small cannot tell a reason from a picture",
        False,
    )
    shown.bar.text.clear()
    assert shown.bar.hint.isHidden()


def test_an_ampersand_in_a_question_is_no_shortcut(shown: ShownBar) -> None:
    save(replace(Preferences(), saved_questions=("answer[text]: Cars & boats?",)))
    shown.menu()["Cars && boats?"].trigger()
    assert shown.bar.text.text() == "Cars & boats?"
