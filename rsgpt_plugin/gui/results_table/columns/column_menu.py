"""The menu of a column heading: sort by confidence, style the map, count, hide."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Optional

from qgis.PyQt.QtCore import QItemSelectionModel, QObject, QPoint, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QMenu, QTableView, QWidget

from ..rows_model import ResultsModel


class ColumnMenu(QObject):
    """Hides and sorts columns of a view. style_requested, count_requested: the other actions, with a column's name."""

    style_requested = pyqtSignal(str)
    count_requested = pyqtSignal(str)

    def __init__(self, view: QTableView, model: ResultsModel) -> None:
        super().__init__(view)
        self._view = view
        self._model = model
        self.hidden: set[str] = set()
        header = view.horizontalHeader()
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._open)

    def menu_of(self, number: int, parent: Optional[QWidget] = None) -> QMenu:
        """Return the menu of a column of the table."""
        menu = QMenu(self.tr("Column"), parent or self._view)
        menu.setToolTipsVisible(True)
        column = self._model.column_at(number)
        if column is not None and column.confidence >= 0:
            for label, order in (
                (self.tr("Sort by confidence, lowest first"), Qt.SortOrder.AscendingOrder),
                (self.tr("Sort by confidence, highest first"), Qt.SortOrder.DescendingOrder),
            ):
                action = menu.addAction(label)
                action.triggered.connect(lambda checked, order=order: self._model.sort_by_confidence(number, order))
            menu.addSeparator()
        if column is not None:
            name = column.name
            style = menu.addAction(self.tr("Style map by this"))
            style.setToolTip(self.tr("Color the features on the map by the values of this column."))
            style.setEnabled(self._has_single_values(number))
            style.triggered.connect(lambda checked: self.style_requested.emit(name))
            count = menu.addAction(self.tr("Count and filter by value…"))
            count.setToolTip(self.tr("List the values of this column in the rows shown, and filter by one of them."))
            count.triggered.connect(lambda checked: self.count_requested.emit(name))
            menu.addSeparator()
            hide = menu.addAction(self.tr("Hide column"))
            hide.setToolTip(self.tr("Hide this column in the table. The layer keeps it."))
            hide.triggered.connect(lambda checked: self.hide_column(name))
        show = menu.addAction(self.tr("Show all columns"))
        show.setEnabled(bool(self.hidden))
        show.triggered.connect(lambda checked: self.show_all())
        return menu

    def hide_column(self, name: str) -> None:
        """Hide a column until `show_all` is called or another layer is shown."""
        number = self._model.number_of(name)
        if number > 0:
            self.hidden.add(name)
            self._leave(number)
            self._view.setColumnHidden(number, True)

    def show_all(self) -> None:
        """Show the hidden columns."""
        for name in self.hidden:
            number = self._model.number_of(name)
            if number > 0:
                self._view.setColumnHidden(number, False)
        self.hidden.clear()

    def _leave(self, number: int) -> None:
        """Move the focus from a column to the next visible one, else to the previous one."""
        current = self._view.currentIndex()
        others = [*range(number + 1, self._model.columnCount()), *range(number - 1, -1, -1)]
        other = next((other for other in others if not self._view.isColumnHidden(other)), -1)
        if current.column() == number and other >= 0:
            index = self._model.index(current.row(), other)
            self._view.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)

    def _has_single_values(self, number: int) -> bool:
        """Return whether a style can have a color per value. Columns of the described features can have lists."""
        values = (row.values[number - 1] for row in self._model.all_rows)
        return isinstance(next((value for value in values if value is not None), None), Hashable)

    def _open(self, point: QPoint) -> None:
        header = self._view.horizontalHeader()
        menu = self.menu_of(header.logicalIndexAt(point))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(header.mapToGlobal(point))
