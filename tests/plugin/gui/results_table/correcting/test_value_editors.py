"""Editors of answers show and return every value of their kind."""

from __future__ import annotations

from typing import Any

import pytest
from qgis.PyQt.QtWidgets import QComboBox, QDoubleSpinBox, QPlainTextEdit, QSpinBox

from rsgpt_plugin.geo.results.display_values import Kind
from rsgpt_plugin.gui.results_table.correcting.value_editors import answer_list, entered_value, show_value, value_editor

pytestmark = pytest.mark.usefixtures("qgis_app")


@pytest.mark.parametrize(
    ("kind", "choices", "widget", "values"),
    [
        (Kind.YESNO, (), QComboBox, [True, False, None]),
        (Kind.TEXT, ("a", "b"), QComboBox, ["a", "b", None]),
        (Kind.TEXT, (), QPlainTextEdit, ["free", None]),
        (Kind.WHOLE, (), QSpinBox, [3, -1]),
        (Kind.DECIMAL, (), QDoubleSpinBox, [0.25]),
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
