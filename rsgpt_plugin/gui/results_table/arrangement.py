"""Which rows the results table shows, and in which order."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from heapq import merge
from typing import Any, Optional

from qgis.PyQt.QtCore import Qt

from ...geo.results.layer_rows import LayerRow
from ...services.results.value_counts import countable

_PART = 2000  # rows that are sorted at a time, in a few milliseconds


class Review(Enum):
    """What a person did with a row. NONE: neither of both."""

    ANY = "any"
    CORRECTED = "corrected"
    CHECKED = "checked"
    NONE = "none"

    def includes(self, row: LayerRow) -> bool:
        """Return whether a row is of this kind."""
        return {
            Review.ANY: True,
            Review.CORRECTED: bool(row.models),
            Review.CHECKED: bool(row.checked),
            Review.NONE: not (row.models or row.checked),
        }[self]


@dataclass(frozen=True)
class RowFilter:
    """Selects rows. text: words that all must occur. least: minimum confidence, 0 to 1. status: "" for any.

    column: name of a column that must have `value`, None for no answer; "" for any.
    """

    text: str = ""
    least: float = 0.0
    status: str = ""
    review: Review = Review.ANY
    column: str = ""
    value: Any = None

    def passes(self, row: LayerRow, number: int = -1) -> bool:
        """Return whether a row passes the filter. number: of `column` among the values, -1 if there is no such."""
        if number >= 0 and countable(row.values[number]) != self.value:
            return False
        if self.status and row.status != self.status:
            return False
        if self.least and (row.confidence is None or row.confidence < self.least):
            return False
        if not self.review.includes(row):
            return False
        return all(word in row.text for word in self.text.casefold().split())


@dataclass(frozen=True)
class Sorting:
    """Order of rows. column: its name, "" for the order of the layer. by_confidence: of the column's answers."""

    column: str = ""
    order: Qt.SortOrder = Qt.SortOrder.AscendingOrder
    by_confidence: bool = False

    def sorted(self, rows: Sequence[LayerRow], number: int) -> list[LayerRow]:
        """Return the rows sorted by their value at `number`, those without a value last; as they are if it is -1."""
        return [row for row in self.steps(rows, number) if row is not None]

    def steps(self, rows: Sequence[LayerRow], number: int) -> Iterator[Optional[LayerRow]]:
        """Yield the sorted rows, and None whenever a part of the work is done."""
        if number < 0:
            yield from rows
            return

        def value(row: LayerRow) -> Any:
            cell = row.sure[number] if self.by_confidence else row.values[number]
            return cell.casefold() if isinstance(cell, str) else cell

        is_reverse, parts, missing = (
            self.order == Qt.SortOrder.DescendingOrder,
            list[list[LayerRow]](),
            list[LayerRow](),
        )
        for start in range(0, len(rows), _PART):
            part = rows[start : start + _PART]
            present = [row for row in part if value(row) is not None]
            missing += [row for row in part if value(row) is None]
            parts.append(sorted(present, key=value, reverse=is_reverse))
            yield None
        yield from merge(*parts, key=value, reverse=is_reverse)
        yield from missing


def arranged(
    rows: Sequence[LayerRow], row_filter: RowFilter, sorting: Sorting, numbers: tuple[int, int], kept: Collection[int]
) -> Iterator[Optional[LayerRow]]:
    """Yield the rows that pass the filter, sorted, and None whenever a part of the work is done.

    numbers: of the columns of filter and sorting among the values, -1 for none. kept: feature IDs that stay even if the
    filter rejects them.
    """
    passed: list[LayerRow] = []
    for row in rows:
        if row.fid in kept or row_filter.passes(row, numbers[0]):
            passed.append(row)
        yield None
    yield from sorting.steps(passed, numbers[1])
