"""The builder is used with the keys, and an edit changes only what it is about."""

from __future__ import annotations

from dataclasses import replace

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QWidget

from rsgpt_plugin.gui.questions.question_builder import QuestionBuilder
from rsgpt_plugin.shared.answers.questions import parse_questions
from tests.plugin.gui.builder_use import choose

TEXT = "water[yesno]: Is there any water?\nuse[choice(city|forest)]: Which kind?\nwhat[text]: What is it?"


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        "What is it?\nIs it big?\nHow many?",
        "a[text]: Is  it?\nb[text]: Is\u00a0it?\nc[text]: c?",
        "a[yesno]: Is it; or not?\nx y?; [integer]: How many; cars?\nHow?",
        "use[choice(a, b|c)]: Which?\nq3: x\nWhere?",
    ],
)
@pytest.mark.parametrize("as_text_between", [False, True])
def test_an_edit_of_one_row_leaves_the_others_unchanged(
    builder: QuestionBuilder, text: str, as_text_between: bool
) -> None:
    expected = parse_questions(text)
    builder.show_text(text)
    if as_text_between:
        builder.as_text.click()
        builder.as_text.click()
        assert parse_questions(builder.text()) == expected
    builder.rows[-1].text.end(False)
    QTest.keyClicks(builder.rows[-1].text, " Or not?")
    *others, edited = parse_questions(builder.text())
    assert others == expected[:-1]
    assert edited == replace(expected[-1], text=f"{expected[-1].text} Or not?")


def test_return_goes_to_the_next_question_or_adds_one(builder: QuestionBuilder) -> None:
    builder.show_text("a[text]: What?\nb[text]: Where?")
    for row, following in ((0, 1), (1, 2), (2, 2)):
        QTest.keyClick(builder.rows[row].text, Qt.Key.Key_Return)
        QApplication.processEvents()
        assert builder.focusWidget() is builder.rows[following].text
    assert len(builder.rows) == 3


def test_the_tab_key_follows_the_rows(builder: QuestionBuilder) -> None:
    def follow() -> list[QWidget]:
        found: list[QWidget] = []
        widget = builder.lines
        while widget is not builder.as_text:
            widget = widget.nextInFocusChain()
            if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                found.append(widget)
        return found

    def expected() -> list[QWidget]:
        widgets = [widget for row in builder.rows for widget in row.tab_order()]
        return [widget for widget in [*widgets, builder.add, builder.save, builder.as_text] if widget.isVisible()]

    builder.show_text(TEXT)
    assert follow() == expected()
    assert follow()[:4] == [builder.rows[0].name, builder.rows[0].kind, builder.rows[0].text, builder.rows[0].up]
    QTest.mouseClick(builder.rows[0].down, Qt.MouseButton.LeftButton)
    assert follow() == expected()
    choose(builder, "New question")
    assert follow() == expected()
