"""The box lists every answer type, and makes a question of a text, the selected type, and the choices."""

from __future__ import annotations

import pytest
from qgis.PyQt.QtCore import QPoint, QPointF, Qt
from qgis.PyQt.QtGui import QWheelEvent
from qgis.PyQt.QtWidgets import QApplication

from rsgpt_plugin.errors import QuestionError
from rsgpt_plugin.gui.answer_type_box import AnswerTypeBox
from rsgpt_plugin.shared.answers.answer_types import TYPES, AnswerType
from rsgpt_plugin.shared.answers.questions import Question
from tests.plugin.waiting import wait_until


@pytest.fixture
def box(qgis_app: object) -> AnswerTypeBox:
    return AnswerTypeBox()


def test_all_types_are_listed_by_their_labels(box: AnswerTypeBox) -> None:
    assert [box.itemText(number) for number in range(box.count())] == [kind.label for kind in TYPES]
    assert box.currentText() == "Text"


@pytest.mark.parametrize("kind", TYPES)
def test_a_type_is_chosen_and_used(box: AnswerTypeBox, kind: AnswerType) -> None:
    box.choose(kind)
    assert box.currentText() == kind.label
    assert box.is_choice() is kind.has_choices
    assert box.question("Which?", "a, b").type is kind


def test_a_question_has_its_choices_without_spaces_around_them(box: AnswerTypeBox) -> None:
    box.choose(AnswerType.CHOICE)
    expected = Question("answer", "Which land use?", AnswerType.CHOICE, ("forest", "small town"))
    assert box.question("  Which land use? ", " forest ,small town") == expected


@pytest.mark.parametrize("kind", [kind for kind in TYPES if not kind.has_choices])
def test_choices_of_other_types_are_ignored(box: AnswerTypeBox, kind: AnswerType) -> None:
    box.choose(kind)
    assert box.question("Which?", "a, b").choices == ()


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ("", "at least two options"),
        ("forest", "at least two options"),
        ("forest, ", "none may be empty"),
        ("forest,,town", "none may be empty"),
        ("forest, Forest", "the same option is listed twice"),
    ],
)
def test_invalid_choices_are_refused(box: AnswerTypeBox, choices: str, message: str) -> None:
    box.choose(AnswerType.CHOICE)
    with pytest.raises(QuestionError, match=message):
        box.question("Which?", choices)


def test_a_question_without_a_text_is_refused(box: AnswerTypeBox) -> None:
    with pytest.raises(QuestionError, match="the question after the colon is missing"):
        box.question("  ", "")


def test_a_pasted_question_line_is_refused(box: AnswerTypeBox) -> None:
    with pytest.raises(QuestionError, match=r"it contains a second question, `cars\[integer\]:`"):
        box.question("cars[integer]: How many?", "")


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\u2028", "\x0b"])
def test_a_pasted_text_of_several_lines_becomes_one_question(box: AnswerTypeBox, separator: str) -> None:
    assert box.question(f"Is there{separator}water?", "").text == "Is there water?"
    box.choose(AnswerType.CHOICE)
    assert box.question("Which?", f"forest,{separator}small{separator}town").choices == ("forest", "small town")


def test_the_wheel_changes_only_a_box_with_the_focus(box: AnswerTypeBox) -> None:
    def turn() -> str:
        position, pixels = QPointF(box.rect().center()), QPoint(0, -120)
        none, phase = Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
        event = QWheelEvent(
            position,
            QPointF(box.mapToGlobal(position.toPoint())),
            pixels,
            pixels,
            Qt.MouseButton.NoButton,
            none,
            phase,
            False,
        )
        QApplication.sendEvent(box, event)
        return str(box.currentText())

    box.show()
    box.clearFocus()
    assert turn() == "Text"
    box.activateWindow()
    box.setFocus()
    wait_until(box.hasFocus)
    assert turn() != "Text"
