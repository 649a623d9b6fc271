"""The builder gives unnamed questions the name of the column that they get."""

from __future__ import annotations

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from rsgpt_plugin.gui.questions.question_builder import QuestionBuilder
from rsgpt_plugin.services.asking.known_questions import save_questions
from rsgpt_plugin.shared.answers.answer_types import AnswerType
from rsgpt_plugin.shared.answers.questions import Question
from tests.plugin.gui.builder_use import choose


def test_an_added_question_keeps_no_name_that_is_only_a_position(builder: QuestionBuilder) -> None:
    save_questions([Question("q2", "Is it a harbor?", AnswerType.YESNO)])
    choose(builder, "Is it a harbor?")
    choose(builder, "New question")
    QTest.keyClicks(builder.rows[1].text, "What?")
    assert [question.name for question in builder.questions()] == ["q1", "q2"]


def test_a_new_question_gets_a_name_that_no_row_has(builder: QuestionBuilder) -> None:
    builder.show_text("q1[text]: What is it?\nq2[integer]: How many?")
    QTest.mouseClick(builder.rows[0].remove, Qt.MouseButton.LeftButton)
    choose(builder, "New question")
    assert builder.rows[1].name.placeholderText() == "q3"
    QTest.keyClicks(builder.rows[1].text, "Where?")
    assert [question.name for question in builder.questions()] == ["q2", "q3"]


def test_the_shown_default_name_is_the_one_of_the_column(builder: QuestionBuilder) -> None:
    choose(builder, "New question")
    choose(builder, "New question")
    QTest.keyClicks(builder.rows[1].text, "Is it big?")
    assert builder.rows[1].name.placeholderText() == builder.questions()[0].name == "q1"


def test_a_wrong_row_keeps_the_name_of_its_column(builder: QuestionBuilder) -> None:
    for text in ("Which?", "Is it big?"):
        choose(builder, "New question")
        QTest.keyClicks(builder.rows[-1].text, text)
    builder.rows[0].kind.choose(AnswerType.CHOICE)
    QTest.keyClicks(builder.rows[0].choices, "city")
    builder.as_text.click()
    assert builder.problem.text()
    builder.lines.setPlainText(builder.text().replace("city", "city|wood"))
    assert [question.name for question in builder.questions()] == ["q1", "q2"]
