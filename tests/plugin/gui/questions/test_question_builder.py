"""The builder edits questions row by row or as text, and shows the problem of each row while it is typed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from rsgpt_plugin.client.preferences import BackendKind, load, save
from rsgpt_plugin.errors import QuestionError
from rsgpt_plugin.gui.questions.question_builder import QuestionBuilder
from rsgpt_plugin.services.asking.known_questions import save_questions
from rsgpt_plugin.shared.answers.answer_types import AnswerType
from rsgpt_plugin.shared.answers.questions import Question, parse_questions
from tests.plugin.gui.builder_use import choose

TEXT = "water[yesno]: Is there any water?\nuse[choice(city|forest)]: Which kind?\nwhat[text]: What is it?"


def names(builder: QuestionBuilder) -> list[str]:
    return [row.name.text() for row in builder.rows]


def test_a_text_is_shown_as_rows_and_kept_word_by_word(builder: QuestionBuilder) -> None:
    for text in (TEXT, "Is there  water?\n\n", "a[ YESNO ]: x; b[integer]: y"):
        builder.show_text(text)
        assert builder.text() == text
    builder.show_text(TEXT)
    assert names(builder) == ["water", "use", "what"]
    assert [row.kind.kind() for row in builder.rows] == [AnswerType.YESNO, AnswerType.CHOICE, AnswerType.TEXT]
    assert [row.choices.isHidden() for row in builder.rows] == [True, False, True]
    assert builder.rows[1].choices.text() == "city|forest"


def test_typing_changes_the_text(builder: QuestionBuilder) -> None:
    changes: list[str] = []
    builder.changed.connect(lambda: changes.append(builder.text()))
    choose(builder, "New question")
    row = builder.rows[0]
    QTest.keyClicks(row.text, "How big?")
    assert changes[-1] == "q1[text]: How big?"
    QTest.keyClicks(row.name, "my size")  # no space in a name
    row.kind.choose(AnswerType.CHOICE)
    QTest.keyClicks(row.choices, "small, very large")
    assert changes[-1] == "mysize[choice(small|very large)]: How big?"
    assert parse_questions(builder.text()) == builder.questions()


def test_each_row_shows_its_problem(builder: QuestionBuilder) -> None:
    builder.show_text(TEXT)

    def shown() -> list[str]:
        return [row.problem.text() for row in builder.rows]

    assert shown() == ["", "", ""]
    builder.rows[1].choices.setText("city")
    builder.rows[2].name.clear()
    QTest.keyClicks(builder.rows[2].name, "WATER")
    assert "at least two options" in shown()[1]
    assert "used by an earlier line" in shown()[2]
    assert not builder.save.isEnabled()
    builder.rows[0].text.setText("")
    assert shown()[0] == "Enter a question."
    assert shown()[2] == ""
    assert builder.rows[0].problem.isVisible()
    assert not builder.rows[2].problem.isVisible()


def test_an_empty_row_has_no_problem_and_no_question(builder: QuestionBuilder) -> None:
    choose(builder, "New question")
    assert (builder.text(), builder.rows[0].problem.text()) == ("", "")


def test_rows_are_moved_and_removed(builder: QuestionBuilder) -> None:
    builder.show_text(TEXT)
    assert [(row.up.isEnabled(), row.down.isEnabled()) for row in builder.rows] == [
        (False, True),
        (True, True),
        (True, False),
    ]
    QTest.mouseClick(builder.rows[0].down, Qt.MouseButton.LeftButton)
    assert names(builder) == ["use", "water", "what"]
    QTest.mouseClick(builder.rows[2].up, Qt.MouseButton.LeftButton)
    assert names(builder) == ["use", "what", "water"]
    QTest.mouseClick(builder.rows[1].remove, Qt.MouseButton.LeftButton)
    assert builder.text() == "use[choice(city|forest)]: Which kind?\nwater[yesno]: Is there any water?"


def test_the_text_form_is_edited_and_read_back(builder: QuestionBuilder) -> None:
    builder.show_text(TEXT)
    builder.as_text.click()
    assert builder.lines.toPlainText() == TEXT
    builder.lines.setPlainText("boats[integer]: How many boats?")
    assert builder.text() == "boats[integer]: How many boats?"
    builder.as_text.click()
    assert names(builder) == ["boats"]
    assert not builder.lines.isVisible()


def test_a_text_that_cannot_be_parsed_stays_text(builder: QuestionBuilder) -> None:
    builder.show_text("boats[nosuch]: How many?")
    assert builder.as_text.isChecked()
    assert "unknown" in builder.problem.text()
    builder.as_text.click()
    assert builder.as_text.isChecked()
    choose(builder, "Is there any water?")
    assert builder.text() == "boats[nosuch]: How many?"
    assert not builder.add.isEnabled()
    builder.lines.setPlainText("boats[integer]: How many?")
    assert builder.add.isEnabled()
    choose(builder, "Is there any water?")
    assert names(builder) == ["boats", "water"]
    builder.show_text("")
    assert not builder.as_text.isChecked()
    assert not builder.problem.isVisible()


def test_templates_get_a_name_of_their_own(builder: QuestionBuilder) -> None:
    choose(builder, "Is there any water?")
    choose(builder, "Is there any water?")
    assert [question.name for question in builder.questions()] == ["water", "q2"]


def test_saved_questions_are_added_from_the_menu(builder: QuestionBuilder) -> None:
    save_questions([Question("answer", "Is it a harbor?", AnswerType.YESNO)])
    choose(builder, "Is it a harbor?")
    choose(builder, "Are there any trees?")
    builder.save.click()
    builder.save.click()
    assert [line.partition(": ")[2] for line in load().saved_questions] == ["Is it a harbor?", "Are there any trees?"]


@pytest.mark.parametrize("text", ["Is it red?; [yesno]: Is it big?", "Is it red?; use[1]: big?"])
def test_a_row_with_two_questions_shows_a_problem(builder: QuestionBuilder, text: str) -> None:
    choose(builder, "New question")
    QTest.keyClicks(builder.rows[0].text, text)
    assert "second question" in builder.rows[0].problem.text()
    assert not builder.save.isEnabled()
    with pytest.raises(QuestionError):
        builder.questions()


def test_the_questions_can_be_saved_after_a_correction_as_text(builder: QuestionBuilder) -> None:
    builder.show_text(TEXT)
    builder.rows[0].text.clear()
    builder.as_text.click()
    assert not builder.save.isEnabled()
    builder.lines.setPlainText(TEXT)
    assert builder.save.isEnabled()


def test_choices_that_were_changed_are_saved_too(builder: QuestionBuilder) -> None:
    builder.show_text("use[choice(a|b)]: Which kind?")
    builder.save.click()
    assert not builder.save.isEnabled()
    builder.rows[0].choices.clear()
    QTest.keyClicks(builder.rows[0].choices, "harbor, airport")
    builder.save.click()
    assert load().saved_questions == ("use[choice(a|b)]: Which kind?", "use[choice(harbor|airport)]: Which kind?")


def test_choices_without_a_question_are_kept(builder: QuestionBuilder) -> None:
    choose(builder, "New question")
    builder.rows[0].kind.choose(AnswerType.CHOICE)
    QTest.keyClicks(builder.rows[0].choices, "a, b")
    builder.as_text.click()
    builder.as_text.click()
    assert builder.text() == "[choice(a, b)]: "
    assert builder.problem.isVisible()


def test_a_row_tells_what_the_built_in_model_cannot_answer(builder: QuestionBuilder) -> None:
    builder.show_text("a[text]: Why is it red?\nb[text]: What is it?")
    assert [row.problem.text() for row in builder.rows] == ["rsgpt-small cannot tell a reason from a picture", ""]
    assert len(builder.questions()) == 2  # its column stays empty
    builder.set_model("rsgpt-7b")
    assert builder.rows[0].problem.text() == ""
    builder.set_model("")
    assert builder.rows[0].problem.text()
    save(replace(load(), door=BackendKind.SERVER, server_url="http://127.0.0.1:8000", server_model="m"))
    builder.show_text("a[text]: Why is it red?")
    assert builder.rows[0].problem.text() == ""
