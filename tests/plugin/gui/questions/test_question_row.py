"""A row reads and writes a question line, and shows its problem."""

from __future__ import annotations

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication

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
    row.name.clear()
    row.choices.setText("a, b")
    assert row.part() == ""
    row.kind.choose(AnswerType.CHOICE)
    assert row.part() == "[choice(a, b)]: "


def test_a_name_accepts_only_what_a_column_may_be_called(row: QuestionRow) -> None:
    QTest.keyClicks(row.name, "2my-size[x]2_")
    assert row.name.text() == "mysizex2_"


@pytest.mark.parametrize(("pasted", "name"), [("my size", "mysize"), ("2 größe: x", "größex"), ("a" * 99, "a" * 48)])
def test_a_pasted_name_loses_what_a_column_may_not_be_called(row: QuestionRow, pasted: str, name: str) -> None:
    QApplication.clipboard().setText(pasted)
    row.name.paste()
    assert (row.name.text(), row.name.cursorPosition()) == (name, len(name))


def test_a_character_that_is_left_out_does_not_move_the_cursor(row: QuestionRow) -> None:
    row.name.setText("size")
    row.name.setCursorPosition(2)
    QTest.keyClicks(row.name, " -x")
    assert (row.name.text(), row.name.cursorPosition()) == ("sixze", 3)


@pytest.mark.parametrize("text", ["Is  it\u00a0big?", "a\tb"])
def test_spaces_in_a_question_are_kept(row: QuestionRow, text: str) -> None:
    question = Question("a", text)
    row.show_question(question)
    assert parse_question(row.part()) == question


def test_return_is_announced_and_does_not_reach_the_dialog(row: QuestionRow) -> None:
    entered: list[int] = []
    row.entered.connect(lambda: entered.append(1))
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
        QTest.keyClick(row.text, key)
    assert entered == [1, 1]


def test_a_row_fits_into_a_dialog_of_processing(row: QuestionRow) -> None:
    font = row.font()
    for scale in (1.0, 1.5):
        larger = QApplication.font()
        larger.setPointSizeF(font.pointSizeF() * scale)
        QApplication.setFont(larger)
        narrow = QuestionRow()
        narrow.show()
        narrow.resize(350, narrow.sizeHint().height())
        assert narrow.minimumSizeHint().width() <= 350
        assert narrow.text.width() == narrow.width()
    QApplication.setFont(font)


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
