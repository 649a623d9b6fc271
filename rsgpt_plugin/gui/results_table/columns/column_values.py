"""The values of columns: counted in the summary bar and in a dialog, and shown on the map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from qgis.core import QgsVectorLayer
from qgis.PyQt.QtCore import QObject, Qt, QTimer

from ....geo.results.display_values import DisplayColumn, Kind
from ....geo.results.styles.value_style import MOST_VALUES, style_by_confidence, style_by_values
from ....services.results.table_rows import TableRows
from ....services.results.value_counts import ValueCount, ValueCounter
from ..filter_bar import FilterBar
from ..table_view import ResultsView
from .summary_bar import SummaryBar
from .values_dialog import ValuesDialog

_DELAY_MS = 200


class ColumnValues(QObject):
    """Counts the rows that a view shows: of the column with the focus in `summary`, of others on request."""

    def __init__(self, view: ResultsView, rows: TableRows, row_filter: FilterBar) -> None:
        super().__init__(view)
        self._view = view
        self._rows = rows
        self._filter = row_filter
        self.summary = SummaryBar()
        self._column = ""
        self._counted: Optional[DisplayColumn] = None  # for the summary
        self._ranked: dict[str, list[Any]] = {}  # the values that have colors, by column
        self._summary_counter = ValueCounter()
        self._counter = ValueCounter()
        self._wanted: Optional[tuple[QgsVectorLayer, DisplayColumn, bool]] = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self._summarize)
        self._connect()

    def stop(self) -> None:
        """Drop the counts in progress."""
        self._timer.stop()
        self._summary_counter.stop()
        self._counter.stop()

    def style_map(self, name: str) -> None:
        """Color the map by a column; by confidence, as results are styled at first, if it is the confidence."""
        self._count(name, True)

    def open_dialog(self, name: str) -> None:
        """Count the rows shown per value of a column and list them."""
        self._count(name, False)

    def _connect(self) -> None:
        model = self._view.results
        self._view.column_menu.style_requested.connect(self.style_map)
        self._view.column_menu.count_requested.connect(self.open_dialog)
        self._view.current_changed.connect(self._on_current)
        model.modelReset.connect(self._on_reset)
        model.dataChanged.connect(lambda *changed: self._timer.start())
        self._summary_counter.counted.connect(self._show_summary)
        self._counter.counted.connect(self._on_counted)
        self.summary.chosen.connect(self._choose)

    def _count(self, name: str, for_style: bool) -> None:
        model, layer = self._view.results, self._rows.layer
        column = model.column_at(model.number_of(name))
        if layer is None or column is None:
            return
        if for_style and column.kind is Kind.CONFIDENCE:
            style_by_confidence(layer, column)
            return
        self._wanted = (layer, column, for_style)
        # The map shows all rows, the dialog those of the table.
        self._counter.start(list(model.all_rows if for_style else model.shown_rows), model.number_of(name) - 1, name)

    def _on_counted(self, counts: Sequence[ValueCount]) -> None:
        wanted, self._wanted = self._wanted, None
        if wanted is None or wanted[0] is not self._rows.layer:
            return
        layer, column, for_style = wanted
        if for_style:
            values = [count.value for count in counts]
            ranked = self._rank(column, counts)
            style_by_values(layer, column, [*ranked, *(value for value in values if value not in ranked)])
            return
        dialog = ValuesDialog(column, counts, self._view)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        layer.willBeDeleted.connect(dialog.reject)
        dialog.chosen.connect(lambda value: self._choose(column.name, value))
        dialog.open()

    def _choose(self, name: str, value: Any) -> None:
        column = self._view.results.column_at(self._view.results.number_of(name))
        if column is not None:
            self._filter.choose(column, value)

    def _on_current(self, number: int) -> None:
        column = self._view.results.column_at(number)
        if column is not None and column.name != self._column and column.kind is not Kind.CONFIDENCE:
            self._column = column.name
            self._summary_counter.stop()
            self._timer.start()

    def _on_reset(self) -> None:
        if not self._view.results.columns:  # another layer
            self._ranked.clear()
        self._timer.start()

    def _rank(self, column: DisplayColumn, counts: Sequence[ValueCount]) -> list[Any]:
        """Return the values of a column that have colors. They keep their colors while the rows change."""
        ranked = self._ranked.setdefault(column.name, [])
        ranked += [count.value for count in counts if count.value is not None and count.value not in ranked]
        del ranked[MOST_VALUES:]
        return ranked

    def _summarize(self) -> None:
        """Count the column with the focus, else the first question."""
        model = self._view.results
        names = [column.name for column in model.columns]
        if self._column not in names:
            questions = [column.name for column in model.columns if column.editable]
            self._column = next(iter(questions[1:]), "")
        self._counted = model.column_at(model.number_of(self._column))
        if self._counted is None:
            self.summary.show_counts(None, ())
        else:  # the map, whose colors the bar uses, shows all rows
            rows = model.shown_rows if self._counted.name in self._ranked else model.all_rows
            self._summary_counter.start(list(rows), model.number_of(self._column) - 1, self._column)

    def _show_summary(self, counts: Sequence[ValueCount]) -> None:
        model, column = self._view.results, self._counted
        if column is None:
            return
        is_first = column.name not in self._ranked
        ranked = self._rank(column, counts)
        if is_first and len(model.shown_rows) < len(model.all_rows):
            self._summary_counter.start(list(model.shown_rows), model.number_of(column.name) - 1, column.name)
        else:
            self.summary.show_counts(column, counts, ranked)
