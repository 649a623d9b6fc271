"""The check box that shows where something is in the picture of a row, and what is said of it."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from ...geo.results.layer_rows import LayerRow
from ...services.showing.subject import row_subject
from ..widgets import text_label
from .show_where import ShowWhere


class RowBar(QWidget):
    """Follows an answer of a results layer; while it is checked, `where` shows what its question asks about.

    Until the user checks or unchecks it, it is checked for the answers of a finder, such as counts.
    """

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.where = ShowWhere()
        self.box = QCheckBox(self.tr("Show where"))
        self.box.setToolTip(self.tr("Mark what the question asks about, here and on the map (W)"))
        self.box.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keys belong to the window
        self.note = text_label()
        self._layer: Optional[QgsVectorLayer] = None
        self._row: Optional[LayerRow] = None
        self._column = ""
        self._is_chosen = False  # by the user
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.box)
        row.addWidget(self.note, 1)
        self.box.toggled.connect(self._choose)
        self.where.said.connect(self.note.setText)

    def follow(self, layer: Optional[QgsVectorLayer], row: LayerRow, column: str) -> None:
        """Follow the answer in a column of a row."""
        is_same = self._row is not None and (row.fid, row.sha256, row.prompt) == self._key()
        if is_same and layer is self._layer and column == self._column:
            return
        self._layer, self._row, self._column = layer, row, column
        self._update()

    def keep_showing(self) -> None:
        """Check it for all answers, as the user does."""
        self._is_chosen = True
        self.box.setChecked(True)

    def end(self) -> None:
        """Remove what is shown, and forget the row."""
        self._layer = self._row = None
        self.where.clear()

    def _key(self) -> tuple[int, str, str]:
        return (self._row.fid, self._row.sha256, self._row.prompt) if self._row is not None else (-1, "", "")

    def _choose(self, is_checked: bool) -> None:
        self._is_chosen = True
        self._update()

    def _update(self) -> None:
        if self._layer is None or self._row is None:
            return
        subject = row_subject(self._layer, self._row, self._column)
        if not self._is_chosen:
            self.box.blockSignals(True)
            self.box.setChecked(subject is not None and subject.by_finder)
            self.box.blockSignals(False)
        if self.box.isChecked() and subject is not None:
            self.where.show(subject)
            return
        self.where.clear()
        self.note.setText(self.tr("This answer is not about a thing in a picture.") if self.box.isChecked() else "")
