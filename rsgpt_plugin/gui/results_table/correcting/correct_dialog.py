"""The dialog of “Correct rows…”: one answer for several rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from qgis.PyQt.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QWidget

from ....geo.results.display_values import DisplayColumn
from ...widgets import text_label
from .value_editors import entered_value, is_entered, show_value, value_editor


class CorrectDialog(QDialog):
    """Edits the answer of `count` rows. choices: the possible answers of all of them, () if any text is possible.

    It can be accepted when an answer is selected: `value` need not be one of the choices.
    """

    def __init__(
        self, column: DisplayColumn, choices: Sequence[str], value: Any, count: int, parent: Optional[QWidget] = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Correct %n row(s)", "", count))
        self.editor = value_editor(column.kind, choices, self)
        show_value(self.editor, value)
        roles = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(roles.Ok | roles.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        if isinstance(self.editor, QComboBox):
            self.editor.currentIndexChanged.connect(lambda number: self._enable())
        self._enable()
        layout = QFormLayout(self)
        layout.addRow(column.label, self.editor)
        layout.addRow(text_label(self.tr("The answers of the model are kept. The correction can be undone.")))
        layout.addRow(self.buttons)
        self.editor.setFocus()

    def value(self) -> Any:
        """Return the entered answer, None for no answer."""
        return entered_value(self.editor)

    def _enable(self) -> None:
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(is_entered(self.editor))
