"""Which rows the results table shows, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from qgis.PyQt.QtCore import Qt

from ...geo.results.layer_rows import LayerRow
from ...services.results.value_counts import countable


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
        if number < 0:
            return list(rows)

        def value(row: LayerRow) -> Any:
            cell = row.sure[number] if self.by_confidence else row.values[number]
            return cell.casefold() if isinstance(cell, str) else cell

        present = [row for row in rows if value(row) is not None]
        present.sort(key=value, reverse=self.order == Qt.SortOrder.DescendingOrder)
        return present + [row for row in rows if value(row) is None]
