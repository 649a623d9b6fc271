"""The widget that edits an answer: a list for yes/no and choices, a number box, or a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional, Union

from qgis.gui import QgsDoubleSpinBox, QgsSpinBox
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtWidgets import QComboBox, QPlainTextEdit, QWidget

from ....geo.results.display_values import Kind, yes_or_no

translate = QCoreApplication.translate

_MAX_NUMBER = 2**31 - 1
_DECIMALS = 6
_SHOWN = "shown"  # property of an editor: the value that it was filled with


class WholeBox(QgsSpinBox):
    """Edits a whole number. Its lowest value stands for no answer."""

    def stepBy(self, steps: int) -> None:  # noqa: N802 - Qt's
        """Step from “No answer” to 0."""
        if self.value() == self.minimum():
            self.setValue(0)
        else:
            super().stepBy(steps)


class DecimalBox(QgsDoubleSpinBox):
    """Edits a number. Its lowest value stands for no answer."""

    def stepBy(self, steps: int) -> None:  # noqa: N802 - Qt's
        """Step from “No answer” to 0."""
        if self.value() == self.minimum():
            self.setValue(0.0)
        else:
            super().stepBy(steps)


ValueEditor = Union[QComboBox, WholeBox, DecimalBox, QPlainTextEdit]


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
    elif isinstance(editor, (WholeBox, DecimalBox)):
        editor.setValue(editor.minimum() if value is None else value)
        editor.selectAll()
    elif isinstance(editor, QPlainTextEdit):
        editor.setPlainText(str(value or ""))
        editor.selectAll()
    editor.setProperty(_SHOWN, [value])


def is_filled(editor: QWidget) -> bool:
    """Return whether a value was shown in an editor."""
    return _SHOWN in editor.dynamicPropertyNames()


def is_entered(editor: QWidget) -> bool:
    """Return whether an editor has a value: in a list, an entry may not be selected yet."""
    return not isinstance(editor, QComboBox) or editor.currentIndex() >= 0


def entered_value(editor: QWidget) -> Any:
    """Return the value in an editor, None for no answer."""
    if isinstance(editor, QComboBox):
        return editor.currentData()
    if isinstance(editor, (WholeBox, DecimalBox)):
        return _number(editor)
    return editor.toPlainText().strip() or None if isinstance(editor, QPlainTextEdit) else None


def _number(box: Union[WholeBox, DecimalBox]) -> Any:
    box.interpretText()
    if box.value() == box.minimum():
        return None
    (shown,) = box.property(_SHOWN) or (None,)
    # The box rounds decimals. A number that was not edited is returned as it is.
    is_rounded = isinstance(shown, float) and round(shown, _DECIMALS) == box.value()
    return shown if is_rounded else box.value()


def _number_box(parent: Optional[QWidget], kind: Kind) -> Union[WholeBox, DecimalBox]:
    box = DecimalBox(parent) if kind is Kind.DECIMAL else WholeBox(parent)
    if isinstance(box, DecimalBox):
        box.setDecimals(_DECIMALS)
    box.setRange(-_MAX_NUMBER - 1, _MAX_NUMBER)
    box.setClearValueMode(box.ClearValueMode.MinimumValue, translate("Rsgpt", "No answer"))
    return box
