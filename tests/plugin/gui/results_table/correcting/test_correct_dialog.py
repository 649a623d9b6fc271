"""The dialog that corrects several rows offers what is possible for all of them."""

from __future__ import annotations

import pytest
from qgis.PyQt.QtWidgets import QComboBox, QDialogButtonBox, QPlainTextEdit, QSpinBox

from rsgpt_plugin.geo.results.display_values import DisplayColumn, Kind
from rsgpt_plugin.gui.results_table.correcting.correct_dialog import CorrectDialog

pytestmark = pytest.mark.usefixtures("qgis_app")
USE = DisplayColumn("use", "Use", Kind.TEXT, 3, editable=True, means="use")


def test_choices_are_listed_and_the_current_one_is_selected() -> None:
    dialog = CorrectDialog(USE, ("park", "water"), "water", 20)
    assert dialog.windowTitle().startswith("Correct 20 row")
    assert isinstance(dialog.editor, QComboBox)
    assert dialog.value() == "water"
    dialog.editor.setCurrentIndex(2)
    assert dialog.value() is None


def test_without_choices_any_text_can_be_entered() -> None:
    dialog = CorrectDialog(USE, (), "", 2)
    assert isinstance(dialog.editor, QPlainTextEdit)
    dialog.editor.setPlainText(" a lake ")
    assert dialog.value() == "a lake"


def test_ok_waits_for_an_answer_if_the_current_one_is_not_in_the_list() -> None:
    dialog = CorrectDialog(USE, ("park", "water"), "typo", 2)
    ok = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
    assert not ok.isEnabled()
    assert isinstance(dialog.editor, QComboBox)
    dialog.editor.setCurrentIndex(1)
    assert (ok.isEnabled(), dialog.value()) == (True, "water")


def test_a_number_can_be_removed_from_rows() -> None:
    dialog = CorrectDialog(DisplayColumn("cars", "Cars", Kind.WHOLE, 0, editable=True, means="cars"), (), None, 2)
    assert isinstance(dialog.editor, QSpinBox)
    assert (dialog.editor.text(), dialog.value()) == ("No answer", None)
    dialog.editor.stepUp()
    assert dialog.value() == 0
    dialog.editor.clear()
    assert dialog.value() is None
