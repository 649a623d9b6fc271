"""The widget that edits an answer: a list for yes/no and choices, a number box, or a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional, Union

from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtWidgets import QComboBox, QDoubleSpinBox, QPlainTextEdit, QSpinBox, QWidget

from ....geo.results.display_values import Kind, yes_or_no

translate = QCoreApplication.translate

ValueEditor = Union[QComboBox, QSpinBox, QDoubleSpinBox, QPlainTextEdit]

_MAX_NUMBER = 2**31 - 1
_DECIMALS = 6


def answer_list(kind: Kind, choices: Sequence[str]) -> list[tuple[str, Any]]:
    """Return the label and the value of each possible answer, [] if there is no list of them."""
    answers = [(yes_or_no(True), True), (yes_or_no(False), False)] if kind is Kind.YESNO else [(c, c) for c in choices]
    return [*answers, (translate("Rsgpt", "No answer"), None)] if answers else []


def value_editor(kind: Kind, choices: Sequence[str], parent: Optional[QWidget] = None) -> ValueEditor:
    """Return a widget for values of this kind. choices: the only texts that are possible, () for any."""
    answers = answer_list(kind, choices)
    if answers:
        box = QComboBox(parent)
        for label, value in answers:
            box.addItem(label, value)
        return box
    if kind.is_number:
        return _number_box(parent, kind)
    text = QPlainTextEdit(parent)
    text.setTabChangesFocus(True)
    return text


def show_value(editor: QWidget, value: Any) -> None:
    """Show a value in its editor; a value that is not in the list selects no entry."""
    if isinstance(editor, QComboBox):
        values = [editor.itemData(number) for number in range(editor.count())]
        editor.setCurrentIndex(values.index(value) if value in values else -1)
    elif isinstance(editor, (QSpinBox, QDoubleSpinBox)):
        editor.setValue(value or 0)
        editor.selectAll()
    elif isinstance(editor, QPlainTextEdit):
        editor.setPlainText(str(value or ""))
        editor.selectAll()


def entered_value(editor: QWidget) -> Any:
    """Return the value in an editor, None for no answer."""
    if isinstance(editor, QComboBox):
        return editor.currentData()
    if isinstance(editor, (QSpinBox, QDoubleSpinBox)):
        return editor.value()
    return editor.toPlainText().strip() or None if isinstance(editor, QPlainTextEdit) else None


def _number_box(parent: Optional[QWidget], kind: Kind) -> Union[QSpinBox, QDoubleSpinBox]:
    box = QDoubleSpinBox(parent) if kind is Kind.DECIMAL else QSpinBox(parent)
    if isinstance(box, QDoubleSpinBox):
        box.setDecimals(_DECIMALS)
    box.setRange(-_MAX_NUMBER, _MAX_NUMBER)
    return box
