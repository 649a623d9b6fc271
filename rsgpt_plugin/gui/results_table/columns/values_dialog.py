"""The dialog of “Count by value…”: the rows per value of a column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ....geo.results.display_values import DisplayColumn, display_text
from ....services.results.value_counts import ValueCount
from ....shared.text import percent
from ...widgets import set_initial_size, text_label

_MOST_SHOWN = 1000  # different values


class ValuesDialog(QDialog):
    """Lists values and their rows. chosen: the value of which the user wants to see the rows, None for no answer."""

    chosen = pyqtSignal(object)

    def __init__(self, column: DisplayColumn, counts: Sequence[ValueCount], parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Values of {column}").format(column=column.label))
        self._counts = counts[:_MOST_SHOWN]
        self.table = QTableWidget(len(self._counts), 3)
        self.table.setHorizontalHeaderLabels([self.tr("Value"), self.tr("Rows"), self.tr("Share")])
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setStretchLastSection(True)
        total = sum(count.rows for count in counts)
        self._fill(column, total)
        text = self.tr("Rows: {total}. Different values: {count}.").format(total=total, count=len(counts))
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.show_rows = self.buttons.addButton(self.tr("Filter"), QDialogButtonBox.ButtonRole.ActionRole)
        self.show_rows.setToolTip(self.tr("Show only the rows with the selected value in the table."))
        layout = QVBoxLayout(self)
        layout.addWidget(text_label(text))
        layout.addWidget(self.table)
        layout.addWidget(self.buttons)
        self.buttons.rejected.connect(self.reject)
        self.show_rows.clicked.connect(lambda checked: self._choose(self.table.currentRow()))
        self.table.cellActivated.connect(lambda row, cell: self._choose(row))
        self.table.setCurrentCell(0, 0)
        set_initial_size(self, 24, 22)

    def _fill(self, column: DisplayColumn, total: int) -> None:
        for row, (value, count, *_) in enumerate(self._counts):
            label = self.tr("No answer") if value is None else display_text(value, column.kind)
            for number, text in enumerate((label, str(count), percent(count / total))):
                item = QTableWidgetItem(text)
                if number:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(row, number, item)
        self.table.resizeColumnToContents(0)

    def _choose(self, row: int) -> None:
        if 0 <= row < len(self._counts):
            value: Any = self._counts[row].value
            self.chosen.emit(value)
            self.accept()
