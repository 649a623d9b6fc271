"""The single line keeps pasted lines apart, and is edited in a dialog."""

from __future__ import annotations

import pytest
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QDialogButtonBox

from rsgpt_plugin.gui.questions.question_line import QuestionDialog, QuestionLine
from rsgpt_plugin.shared.answers.questions import parse_questions


@pytest.fixture
def line(qgis_app: object) -> QuestionLine:
    return QuestionLine()


@pytest.mark.parametrize(
    "text", ["a[yesno]: Is it?\nb[integer]: How many?\n", "Is it?\n\nHow; many?", "one line; only"]
)
def test_pasted_lines_stay_separate_questions(line: QuestionLine, text: str) -> None:
    QApplication.clipboard().setText(text)
    line.line.paste()
    assert "\n" not in line.text()
    assert parse_questions(line.text()) == parse_questions(text)


def test_typing_continues_after_pasted_lines(line: QuestionLine) -> None:
    QApplication.clipboard().setText("[yesno]: Is it?\nHow many?")
    line.line.paste()
    QTest.keyClicks(line.line, " Or none?")
    assert line.text().endswith("How many? Or none?")


def test_lines_that_cannot_be_parsed_are_kept_for_correction(line: QuestionLine) -> None:
    line.show_text("a[nosuch]: Is it?\nb[integer]: How many?")
    assert line.text() == "a[nosuch]: Is it?; b[integer]: How many?"


def test_a_corrected_line_does_not_swallow_the_next_question(line: QuestionLine) -> None:
    line.show_text("x[nosuch]: a?\nIs there water?")
    line.line.setText(line.text().replace("nosuch", "yesno"))
    assert [question.text for question in parse_questions(line.text())] == ["a?", "Is there water?"]


def test_the_dialog_cannot_be_accepted_with_a_problem(qgis_app: object) -> None:
    dialog = QuestionDialog("a[nosuch]: Is it?")
    ok = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
    assert not ok.isEnabled()
    dialog.builder.lines.setPlainText("a[yesno]: Is it?")
    assert ok.isEnabled()
    dialog.builder.as_text.click()
    dialog.builder.rows[0].text.clear()
    assert not ok.isEnabled()


def test_the_dialog_edits_the_line(line: QuestionLine) -> None:
    changes: list[str] = []
    line.changed.connect(lambda: changes.append(line.text()))
    line.show_text("a[yesno]: Is it?; b[integer]: How many?")

    def edit() -> None:
        (dialog,) = (widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QuestionDialog))
        dialog.builder.rows[0].text.setText("Is it big?")
        dialog.accept()

    QTimer.singleShot(0, edit)
    line.edit.click()
    assert changes == ["a[yesno]: Is it big?; b[integer]: How many?"]
