"""A table model of the rows of a results layer, sorted and filtered."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QAbstractTableModel, QModelIndex, Qt, pyqtSignal
from qgis.PyQt.QtGui import QFont, QPixmap

from ...geo.results.display_values import DisplayColumn, Kind, column_description
from ...geo.results.layer_rows import LayerRow, shown_confidence
from ...services.results.correcting.choices import choices_of, known_choices
from ...services.time_slices import TimeSlicer
from .arrangement import RowFilter, Sorting, arranged
from .cell_texts import cell_text, cell_tooltip

_AT_ONCE = 5000  # rows that are filtered and sorted at once

PICTURE = 0
CONFIDENCE_ROLE = int(Qt.ItemDataRole.UserRole)  # the confidence, 0 to 1
CHOICES_ROLE = CONFIDENCE_ROLE + 1  # the possible answers, () for any
ALIGNED = Qt.AlignmentFlag

_TOP = ALIGNED.AlignLeft | ALIGNED.AlignVCenter
_NUMBER = ALIGNED.AlignRight | ALIGNED.AlignVCenter
_MIDDLE = ALIGNED.AlignCenter


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
        self._sorting = Sorting()
        self._slices = TimeSlicer()
        self._kept: set[int] = set()
        self._corrected_font = QFont()
        self._corrected_font.setItalic(True)
        self._checked_icon = QgsApplication.getThemeIcon("mIconSuccess.svg")

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

    @property
    def sorting(self) -> tuple[int, Qt.SortOrder]:
        """The column of the table by which the rows are sorted, -1 for none, and the order."""
        return self.number_of(self._sorting.column), self._sorting.order

    def set_rows(self, columns: Sequence[DisplayColumn], rows: Sequence[LayerRow]) -> None:
        """Replace all columns and rows. Rows that are shown stay where they are, unless rows were added or removed."""
        by_fid = {row.fid: row for row in rows}
        is_same = len(rows) == len(self._rows) and all(row.fid in by_fid for row in self._rows)
        if rows and is_same and self._is_laid_out(columns):
            self._columns = tuple(columns)  # a reset would close the editor of a cell
            self._update_all(rows, by_fid)
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, self.columnCount() - 1)
            return
        self._slices.stop()
        self.beginResetModel()
        self._columns, self._rows = tuple(columns), list(rows)
        if self.number_of(self._sorting.column) < 0:
            self._sorting = Sorting()
        kept = self._lines.keys()
        self._shown = [by_fid[row.fid] for row in self._shown if row.fid in by_fid]
        self._lines = {row.fid: number for number, row in enumerate(self._shown)}
        self.endResetModel()
        self.counted.emit()
        if not is_same:
            self._rearrange(kept)

    def _update_all(self, rows: Sequence[LayerRow], by_fid: Mapping[int, LayerRow]) -> None:
        """Update all rows in place, as `update_rows` does, which takes longer for many rows."""
        self._rows = list(rows)
        if self._slices.busy:  # with the old values
            self._rearrange(self._kept)
        self._shown = [by_fid[row.fid] for row in self._shown]
        if self._shown:
            last = self.index(len(self._shown) - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def _is_laid_out(self, columns: Sequence[DisplayColumn]) -> bool:
        """Return whether the table shows these columns already."""
        return [(column.name, column.kind) for column in columns] == [
            (column.name, column.kind) for column in self._columns
        ]

    def update_rows(self, rows: Sequence[LayerRow]) -> None:
        """Update rows in place. Filter and sorting are applied when the user changes them."""
        updates = {row.fid: row for row in rows}
        self._rows = [updates.get(row.fid, row) for row in self._rows]
        if self._slices.busy:  # with the old values
            self._rearrange(self._kept)
        lines = sorted(self._lines[fid] for fid in updates if fid in self._lines)
        for line in lines:
            self._shown[line] = updates[self._shown[line].fid]
        if lines:
            self.dataChanged.emit(self.index(lines[0], 0), self.index(lines[-1], self.columnCount() - 1))

    def set_filter(self, row_filter: RowFilter) -> None:
        """Show the rows that pass a filter."""
        if row_filter != self._filter:
            self._filter = row_filter
            self._rearrange(())

    def row_at(self, number: int) -> LayerRow:
        """Return the row in a line."""
        return self._shown[number]

    def line_of(self, fid: int) -> Optional[int]:
        """Return the line of a feature ID, None if the row is not shown."""
        return self._lines.get(fid)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; rows without a value always come last."""
        self._sort(column, order, False)

    def sort_by_confidence(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by the confidence of a column's answers."""
        self._sort(column, order, True)

    def number_of(self, name: str) -> int:
        """Return the column of the table that shows the layer's column `name`, -1 if there is none."""
        return next((number for number, column in enumerate(self._columns, 1) if column.name == name), -1)

    def known_choices(self, column: DisplayColumn) -> tuple[str, ...]:
        """Return the choices of a column in any of the rows, () if its question has none."""
        return known_choices((row.prompt for row in self._rows), column.means)

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
        value, is_corrected = row.values[number], column.name in row.models
        if role == Qt.ItemDataRole.DisplayRole:
            return cell_text(row, number, column)
        if role == Qt.ItemDataRole.EditRole:
            return value
        if role == CONFIDENCE_ROLE:
            return shown_confidence(row, number, column)
        if role == CHOICES_ROLE:
            own = choices_of(row.prompt, column.means)
            return self.known_choices(column) if own is None else own
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _NUMBER if column.kind.is_number else _TOP if column.kind is Kind.TEXT else _MIDDLE
        if role == Qt.ItemDataRole.FontRole and is_corrected:
            return self._corrected_font
        if role == Qt.ItemDataRole.DecorationRole and column.name in row.checked:
            return self._checked_icon
        return cell_tooltip(row, number, column) if role == Qt.ItemDataRole.ToolTipRole else None

    def _sort(self, number: int, order: Qt.SortOrder, by_confidence: bool) -> None:
        column = self.column_at(number)
        self._sorting = Sorting(column.name, order, by_confidence) if column is not None else Sorting()
        self._rearrange(self._lines.keys())

    def _rearrange(self, kept: Collection[int]) -> None:
        """Filter and sort, many rows in slices. kept: feature IDs that stay even if the filter rejects them now."""
        self._kept = set(kept)
        columns = self.number_of(self._filter.column) - 1, self.number_of(self._sorting.column) - 1
        steps = arranged(self._rows, self._filter, self._sorting, columns, self._kept)
        shown, lines = list[LayerRow](), dict[int, int]()

        def take(rows: Iterable[Optional[LayerRow]]) -> None:
            for row in rows:
                if row is not None:
                    lines[row.fid] = len(shown)
                    shown.append(row)

        if len(self._rows) <= _AT_ONCE:
            self._slices.stop()
            take(steps)
            self._show(shown, lines)
        else:
            self._slices.start(steps, take, lambda: self._show(shown, lines))

    def _show(self, rows: list[LayerRow], lines: dict[int, int]) -> None:
        self.beginResetModel()
        self._shown, self._lines = rows, lines
        self.endResetModel()
        self.counted.emit()
