"""Rows per value of a column, counted in slices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...geo.results.layer_rows import LayerRow
from ..time_slices import TimeSlicer


class ValueCount(NamedTuple):
    """A value, None for no answer, and the number of rows that have it."""

    value: Any
    rows: int


def countable(value: Any) -> Any:
    """Return a value as it is counted: lists in columns of the described features as text."""
    return value if isinstance(value, Hashable) else str(value)


class ValueCounter(QObject):
    """Counts one column at a time, on the main thread. counted: a list of ValueCount, the most frequent value first."""

    counted = pyqtSignal(object)

    def __init__(self) -> None:
        super().__init__()
        self._slices = TimeSlicer()

    def start(self, rows: Sequence[LayerRow], number: int) -> None:
        """Count the values at `number` of the rows, in place of a count in progress."""
        counts: Counter[Any] = Counter()
        values = (countable(row.values[number]) for row in rows if number < len(row.values))
        self._slices.start(values, counts.update, lambda: self.counted.emit(_sorted(counts)))

    def stop(self) -> None:
        """Drop the count in progress."""
        self._slices.stop()


def _sorted(counts: Counter[Any]) -> list[ValueCount]:
    missing = [ValueCount(None, counts.pop(None))] if None in counts else []
    return [ValueCount(value, count) for value, count in counts.most_common()] + missing
