"""A table model of the rows of a results layer, sorted and filtered."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from qgis.PyQt.QtCore import QAbstractTableModel, QModelIndex, Qt, pyqtSignal
from qgis.PyQt.QtGui import QFont, QPixmap

from ...geo.results.display_values import DisplayColumn, Kind, column_description, display_text
from ...geo.results.layer_rows import LayerRow

PICTURE = 0
CONFIDENCE_ROLE = int(Qt.ItemDataRole.UserRole)  # the confidence, 0 to 1
ALIGNED = Qt.AlignmentFlag

_TOP = ALIGNED.AlignLeft | ALIGNED.AlignVCenter
_NUMBER = ALIGNED.AlignRight | ALIGNED.AlignVCenter
_MIDDLE = ALIGNED.AlignCenter


@dataclass(frozen=True)
class RowFilter:
    """Selects rows. text: words that all must occur. least: minimum confidence, 0 to 1. status: "" for any."""

    text: str = ""
    least: float = 0.0
    status: str = ""
    corrected: bool = False

    def passes(self, row: LayerRow) -> bool:
        """Return whether a row passes the filter."""
        if self.status and row.status != self.status:
            return False
        if self.least and (row.confidence is None or row.confidence < self.least):
            return False
        if self.corrected and not row.models:
            return False
        return all(word in row.text for word in self.text.casefold().split())


class ResultsModel(QAbstractTableModel):
    """One line per row that passes the filter: the picture, then the columns of the layer.

    edited: feature ID, column name and the value that the user entered. counted: the number of rows has changed.
    """

    edited = pyqtSignal(object, str, object)
    counted = pyqtSignal()

    def __init__(self, picture: Callable[[str], Optional[QPixmap]]) -> None:
        super().__init__()
        self._picture = picture
        self._columns: tuple[DisplayColumn, ...] = ()
        self._rows: list[LayerRow] = []
        self._lines: dict[int, int] = {}
        self._shown: list[LayerRow] = []
        self._filter = RowFilter()
        self._sorting: tuple[int, Qt.SortOrder, bool] = (-1, Qt.SortOrder.AscendingOrder, False)
        self._corrected_font = QFont()
        self._corrected_font.setItalic(True)

    @property
    def columns(self) -> tuple[DisplayColumn, ...]:
        """The columns to the right of the picture."""
        return self._columns

    @property
    def all_rows(self) -> Sequence[LayerRow]:
        """All rows, in the order of the layer."""
        return self._rows

    @property
    def shown_rows(self) -> Sequence[LayerRow]:
        """The rows that pass the filter, sorted."""
        return self._shown

    def set_rows(self, columns: Sequence[DisplayColumn], rows: Sequence[LayerRow]) -> None:
        """Replace all columns and rows."""
        self.beginResetModel()
        if tuple(columns) != self._columns:
            self._sorting = (-1, Qt.SortOrder.AscendingOrder, False)
        self._columns, self._rows = tuple(columns), list(rows)
        self._arrange()
        self.endResetModel()
        self.counted.emit()

    def update_rows(self, rows: Sequence[LayerRow]) -> None:
        """Update rows in place. Sorting and filtering are applied with the next change."""
        updates = {row.fid: row for row in rows}
        self._rows = [updates.get(row.fid, row) for row in self._rows]
        for number, row in enumerate(self._shown):
            if row.fid in updates:
                self._shown[number] = updates[row.fid]
                self.dataChanged.emit(self.index(number, 0), self.index(number, self.columnCount() - 1))

    def set_filter(self, row_filter: RowFilter) -> None:
        """Show the rows that pass a filter."""
        if row_filter != self._filter:
            self._filter = row_filter
            self._rearrange()

    def row_at(self, number: int) -> LayerRow:
        """Return the row in a line."""
        return self._shown[number]

    def line_of(self, fid: int) -> Optional[int]:
        """Return the line of a feature ID, None if the row is not shown."""
        return self._lines.get(fid)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; rows without a value always come last."""
        self._sorting = (column, order, False)
        self._rearrange()

    def sort_by_confidence(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by the confidence of a column's answers."""
        self._sorting = (column, order, True)
        self._rearrange()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's
        return 0 if parent.isValid() else 1 + len(self._columns)

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        column = self.column_at(index.column())
        return flags | Qt.ItemFlag.ItemIsEditable if column is not None and column.editable else flags

    def column_at(self, number: int) -> Optional[DisplayColumn]:
        """Return the layer's column at a column of the table, None for the picture."""
        return self._columns[number - 1] if 0 < number <= len(self._columns) else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: N802 - Qt's
        column = self.column_at(section)
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole and column is not None:
            return column_description(column) or None
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return column.label if column is not None else self.tr("Picture")

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        if not index.isValid() or index.row() >= len(self._shown):
            return None
        row, column = self._shown[index.row()], self.column_at(index.column())
        if column is None:
            return self._picture(row.sha256) if role == Qt.ItemDataRole.DecorationRole else None
        return self._cell(row, index.column() - 1, column, role)

    def setData(self, index: QModelIndex, value: Any, role: int = 0) -> bool:  # noqa: N802 - Qt's
        column = self.column_at(index.column())
        if role != Qt.ItemDataRole.EditRole or column is None or not column.editable:
            return False
        self.edited.emit(self._shown[index.row()].fid, column.name, value)
        return True

    def _cell(self, row: LayerRow, number: int, column: DisplayColumn, role: int) -> Any:
        value = row.values[number]
        if role == Qt.ItemDataRole.DisplayRole:
            return display_text(value, column.kind)
        if role == Qt.ItemDataRole.EditRole:
            return value
        if role == CONFIDENCE_ROLE:
            return value if column.kind is Kind.CONFIDENCE else row.sure[number]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _NUMBER if column.kind.is_number else _TOP if column.kind is Kind.TEXT else _MIDDLE
        if role == Qt.ItemDataRole.FontRole and column.name in row.models:
            return self._corrected_font
        return self._tooltip(row, number, column) if role == Qt.ItemDataRole.ToolTipRole else None

    def _tooltip(self, row: LayerRow, number: int, column: DisplayColumn) -> str:
        """Return the tooltip: text, confidence and correction. Escaped, because Qt detects markup in tooltips."""
        lines = [display_text(row.values[number], column.kind)]
        confidence = row.sure[number]
        if confidence is not None:
            lines.append(self.tr("The model was {share} sure.").format(share=f"{confidence:.0%}"))
        if column.name in row.models:
            answer = display_text(row.models[column.name], column.kind) or self.tr("nothing")
            lines.append(self.tr("Corrected. The model said: {said}").format(said=answer))
        if column.kind is Kind.STATUS and row.reason:
            lines.append(row.reason)
        return "".join(f"<p>{html.escape(line)}</p>" for line in lines if line)

    def _rearrange(self) -> None:
        self.beginResetModel()
        self._arrange()
        self.endResetModel()
        self.counted.emit()

    def _arrange(self) -> None:
        self._shown = _sorted([row for row in self._rows if self._filter.passes(row)], *self._sorting)
        self._lines = {row.fid: number for number, row in enumerate(self._shown)}


def _sorted(rows: list[LayerRow], column: int, order: Qt.SortOrder, by_confidence: bool) -> list[LayerRow]:
    number = column - 1
    if not rows or not 0 <= number < len(rows[0].values):
        return rows

    def value(row: LayerRow) -> Any:
        cell = row.sure[number] if by_confidence else row.values[number]
        return cell.casefold() if isinstance(cell, str) else cell

    present = [row for row in rows if value(row) is not None]
    present.sort(key=value, reverse=order == Qt.SortOrder.DescendingOrder)
    return present + [row for row in rows if value(row) is None]
