"""The filter of the results table: text, minimum confidence, status and review, and the number of rows."""

from __future__ import annotations

import html
from collections.abc import Collection, Iterable
from typing import Any, Optional

from qgis.core import QgsApplication
from qgis.gui import QgsFilterLineEdit
from qgis.PyQt.QtCore import Qt, QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QHBoxLayout, QLabel, QToolButton, QWidget

from ...geo.results.display_values import DisplayColumn, display_text, status_text
from ..widgets import PercentBox
from .arrangement import Review, RowFilter

_TYPING_MS = 150
_VALUE_WIDTH = 30  # characters


class FilterBar(QWidget):
    """Edits a RowFilter. `changed` carries it once typing has paused."""

    changed = pyqtSignal(object)

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.text = QgsFilterLineEdit()
        self.text.setShowSearchIcon(True)
        self.text.setPlaceholderText(self.tr("Search all text"))
        self.minimum = PercentBox()
        self.minimum.setSingleStep(5)
        self.minimum.setToolTip(self.tr("Show rows with at least this confidence."))
        self.status = QComboBox()
        self.status.addItem(self.tr("Any status"), "")
        self.review = QComboBox()
        self.review.setToolTip(self.tr("Show rows with corrected answers, with answers marked as right, or neither."))
        for label, review in (
            (self.tr("Any review"), Review.ANY),
            (self.tr("Corrected"), Review.CORRECTED),
            (self.tr("Marked as right"), Review.CHECKED),
            (self.tr("Not reviewed"), Review.NONE),
        ):
            self.review.addItem(label, review)
        self.value = QToolButton()
        self.value.setIcon(QgsApplication.getThemeIcon("mIconClearText.svg"))
        self.value.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.value.hide()
        self._value: tuple[str, Any] = ("", None)
        self.count = QLabel()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_TYPING_MS)
        self._lay_out()

    def row_filter(self) -> RowFilter:
        """Return the current filter."""
        return RowFilter(
            self.text.text(),
            self.minimum.share(),
            str(self.status.currentData() or ""),
            self.review.currentData(),
            *self._value,
        )

    def choose(self, column: DisplayColumn, value: Any) -> None:
        """Show only the rows with this value of a column, None for no answer."""
        self._value = (column.name, value)
        label = self.tr("No answer") if value is None else display_text(value, column.kind)
        text = f"{column.label}: {label}"
        shown = self.fontMetrics().elidedText(
            " ".join(text.split()), Qt.TextElideMode.ElideRight, _VALUE_WIDTH * self.fontMetrics().averageCharWidth()
        )
        self.value.setText(shown.replace("&", "&&"))  # a single & underlines the next letter
        hint = self.tr("Remove this filter")
        self.value.setToolTip(f"<p>{html.escape(text)}</p><p>{html.escape(hint)}</p>")
        self.value.show()
        self._timer.start()

    def keep_columns(self, names: Collection[str]) -> None:
        """Remove the filter of a column that is not among `names`."""
        if self._value[0] and self._value[0] not in names:
            self.clear_value()

    def clear_value(self) -> None:
        """Show the rows with any value."""
        self._value = ("", None)
        self.value.hide()
        self._timer.start()

    def set_statuses(self, statuses: Iterable[str]) -> None:
        """Set the statuses to choose from, and keep the selected one if it is among them."""
        statuses = sorted(set(statuses))
        if statuses == [self.status.itemData(number) for number in range(1, self.status.count())]:
            return
        chosen = self.status.currentData()
        self.status.blockSignals(True)
        while self.status.count() > 1:
            self.status.removeItem(1)
        for status in statuses:
            self.status.addItem(status_text(status), status)
        self.status.setCurrentIndex(max(0, self.status.findData(chosen)))
        self.status.blockSignals(False)
        self._timer.start()

    def show_count(self, shown: int, total: int) -> None:
        """Show the number of rows."""
        text = self.tr("Rows: {total}") if shown == total else self.tr("{shown} of {total} rows")
        self.count.setText(text.format(shown=shown, total=total))

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.text, 1)
        label = QLabel(self.tr("Minimum confidence"))
        label.setBuddy(self.minimum)
        for widget in (self.value, label, self.minimum, self.status, self.review, self.count):
            layout.addWidget(widget)
        self._timer.timeout.connect(self._emit_change)
        self.value.clicked.connect(lambda checked: self.clear_value())
        for signal in (
            self.text.textChanged,
            self.minimum.valueChanged,
            self.status.currentIndexChanged,
            self.review.currentIndexChanged,
        ):
            signal.connect(self._restart_timer)

    def _restart_timer(self, value: object) -> None:
        self._timer.start()

    def _emit_change(self) -> None:
        # A method, because PyQt disconnects it with the bar. A lambda was at the end of a crash seen once on QGIS 3.44.
        self.changed.emit(self.row_filter())
