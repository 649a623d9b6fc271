"""The dialog that corrects several rows offers what is possible for all of them."""

from __future__ import annotations

import pytest
from qgis.PyQt.QtWidgets import QComboBox, QPlainTextEdit

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
