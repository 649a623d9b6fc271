"""Rows per value of a column, counted in slices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...geo.results.layer_rows import LayerRow
from ..time_slices import TimeSlicer


class ValueCount(NamedTuple):
    """A value, None for no answer, and the number of rows that have it.

    checked, corrected: those of the rows whose value a person found right, and those to which a person gave it.
    """

    value: Any
    rows: int
    checked: int = 0
    corrected: int = 0


def countable(value: Any) -> Any:
    """Return a value as it is counted: lists in columns of the described features as text."""
    return value if isinstance(value, Hashable) else str(value)


class ValueCounter(QObject):
    """Counts one column at a time, on the main thread. counted: a list of ValueCount, the most frequent value first."""

    counted = pyqtSignal(object)

    def __init__(self) -> None:
        super().__init__()
        self._slices = TimeSlicer()

    def start(self, rows: Sequence[LayerRow], number: int, name: str = "") -> None:
        """Count the values at `number`, of the column `name`, of the rows, in place of a count in progress."""
        counts: Counter[Any] = Counter()
        values = (
            (countable(row.values[number]), name in row.checked, name in row.models)
            for row in rows
            if number < len(row.values)
        )
        self._slices.start(values, counts.update, lambda: self.counted.emit(_sorted(counts)))

    def stop(self) -> None:
        """Drop the count in progress."""
        self._slices.stop()


def _sorted(counts: Counter[Any]) -> list[ValueCount]:
    rows, checked, corrected = (Counter[Any]() for _ in range(3))
    for (value, is_checked, is_corrected), count in counts.items():
        rows[value] += count
        checked[value] += count * is_checked
        corrected[value] += count * is_corrected
    found = [ValueCount(value, count, checked[value], corrected[value]) for value, count in rows.most_common()]
    return sorted(found, key=lambda count: count.value is None)
