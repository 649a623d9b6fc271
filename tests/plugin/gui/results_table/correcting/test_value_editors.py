"""Editors of answers show and return every value of their kind."""

from __future__ import annotations

from typing import Any

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QComboBox, QDoubleSpinBox, QPlainTextEdit, QSpinBox

from rsgpt_plugin.geo.results.display_values import Kind
from rsgpt_plugin.gui.results_table.correcting.value_editors import (
    answer_list,
    entered_value,
    is_entered,
    show_value,
    value_editor,
)

pytestmark = pytest.mark.usefixtures("qgis_app")


@pytest.mark.parametrize(
    ("kind", "choices", "widget", "values"),
    [
        (Kind.YESNO, (), QComboBox, [True, False, None]),
        (Kind.TEXT, ("a", "b"), QComboBox, ["a", "b", None]),
        (Kind.TEXT, (), QPlainTextEdit, ["free", None]),
        (Kind.WHOLE, (), QSpinBox, [3, -1, 0, None]),
        (Kind.DECIMAL, (), QDoubleSpinBox, [0.25, 0.123456789, 0.0, None]),
    ],
)
def test_values_go_in_and_out(kind: Kind, choices: tuple[str, ...], widget: type, values: list[Any]) -> None:
    editor = value_editor(kind, choices)
    assert isinstance(editor, widget)
    for value in values:
        show_value(editor, value)
        assert entered_value(editor) == value


def test_lists_end_with_no_answer() -> None:
    assert [label for label, _ in answer_list(Kind.YESNO, ())] == ["yes", "no", "No answer"]
    assert answer_list(Kind.TEXT, ("a",)) == [("a", "a"), ("No answer", None)]


def test_a_value_outside_the_list_selects_no_entry() -> None:
    editor = value_editor(Kind.TEXT, ("a", "b"))
    show_value(editor, "typo")
    assert isinstance(editor, QComboBox)
    assert editor.currentIndex() == -1
    assert not is_entered(editor)


@pytest.mark.parametrize("kind", [Kind.WHOLE, Kind.DECIMAL])
def test_numbers_are_typed_and_removed_and_steps_begin_at_0(kind: Kind) -> None:
    editor = value_editor(kind, ())
    show_value(editor, None)
    QTest.keyClicks(editor, "12")
    assert entered_value(editor) == 12
    QTest.keyClick(editor, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(editor, Qt.Key.Key_Delete)
    assert entered_value(editor) is None
    QTest.keyClick(editor, Qt.Key.Key_Up)
    assert entered_value(editor) == 0
