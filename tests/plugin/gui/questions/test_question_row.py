"""A row reads and writes a question line, and shows its problem."""

from __future__ import annotations

import pytest
from qgis.PyQt.QtTest import QTest

from rsgpt_plugin.gui.questions.question_row import QuestionRow
from rsgpt_plugin.shared.answers.answer_types import TYPES, AnswerType
from rsgpt_plugin.shared.answers.questions import Question, parse_question


@pytest.fixture
def row(qgis_app: object) -> QuestionRow:
    return QuestionRow()


@pytest.mark.parametrize("kind", TYPES)
def test_a_question_is_shown_and_read_back(row: QuestionRow, kind: AnswerType) -> None:
    question = Question("größe", "How; big?", kind, ("a", "b, c") if kind.has_choices else ())
    row.show_question(question)
    assert parse_question(row.part()) == question


def test_an_empty_row_is_no_line(row: QuestionRow) -> None:
    assert row.part() == ""
    row.name.setText("size")
    assert row.part() == "size[text]: "


def test_a_name_accepts_only_what_a_column_may_be_called(row: QuestionRow) -> None:
    QTest.keyClicks(row.name, "2my-size[x]2_")
    assert row.name.text() == "mysizex2_"


def test_showing_a_question_is_not_an_edit(row: QuestionRow) -> None:
    edits: list[int] = []
    row.changed.connect(lambda: edits.append(1))
    row.show_question(Question("a", "What?", AnswerType.CHOICE, ("x", "y")))
    assert edits == []
    row.text.setText("Which?")
    assert edits == [1]


def test_the_problem_is_shown_until_it_is_solved(row: QuestionRow) -> None:
    row.text.setText("What?")
    row.show_check("the name is taken", "q3")
    assert (row.problem.text(), row.name.placeholderText()) == ("the name is taken", "q3")
    assert not row.warning.isHidden()
    row.show_check("", "q3")
    assert row.warning.isHidden()
