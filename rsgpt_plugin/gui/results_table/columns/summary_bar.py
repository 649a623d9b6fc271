"""A bar above the results table that shows the share of each value of a column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from qgis.PyQt.QtCore import QEvent, QRect, QRectF, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QTextOption
from qgis.PyQt.QtWidgets import QSizePolicy, QToolTip, QWidget

from ....geo.results.display_values import DisplayColumn, display_text
from ....geo.results.styles.value_style import MOST_VALUES, value_color
from ....services.results.value_counts import ValueCount

_MARGIN = 3
_DARK_TEXT_FROM = 140  # gray level of a background


class SummaryBar(QWidget):
    """Empty if the column has too many different values.

    chosen: the name of the column and a value that was clicked, None for no answer.
    """

    chosen = pyqtSignal(str, object)

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._column: Optional[DisplayColumn] = None
        self._counts: Sequence[ValueCount] = ()
        self._ranked: Sequence[Any] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_counts(
        self, column: Optional[DisplayColumn], counts: Sequence[ValueCount], ranked: Sequence[Any] = ()
    ) -> None:
        """Show the rows per value of a column; None for none. ranked: the values that have colors, in their order."""
        fits = 0 < len(counts) <= MOST_VALUES + 1
        self._column, self._counts = (column, counts) if fits else (None, ())
        self._ranked = ranked
        texts = [self._text(count) for count in self._counts]
        self.setAccessibleName(", ".join([self._label(), *texts]) if texts else "")
        self.setVisible(self._column is not None)
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's
        return QSize(100, self.fontMetrics().height() + 2 * _MARGIN)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's
        if self._column is None:
            return
        painter = QPainter(self)
        middle = QTextOption(Qt.AlignmentFlag.AlignVCenter)
        middle.setWrapMode(QTextOption.WrapMode.NoWrap)
        painter.drawText(QRectF(self._label_box()), self._label(), middle)
        for box, count in self.segments():
            color = QColor(value_color(count.value, self._ranked))
            painter.fillRect(box.adjusted(0, 0, -1, 0), color)
            gray = (299 * color.red() + 587 * color.green() + 114 * color.blue()) // 1000
            painter.setPen(Qt.GlobalColor.black if gray >= _DARK_TEXT_FROM else Qt.GlobalColor.white)
            inner = box.adjusted(_MARGIN, 0, -_MARGIN, 0)
            text = self.fontMetrics().elidedText(self._text(count), Qt.TextElideMode.ElideRight, inner.width())
            painter.drawText(QRectF(inner), text, middle)

    def segments(self) -> list[tuple[QRect, ValueCount]]:
        """Return the box of each value and its rows."""
        total, left = sum(count.rows for count in self._counts), self._label_box().right() + 1
        width, parts, start = self.width() - left, list[tuple[QRect, ValueCount]](), 0
        for count in self._counts:
            end = start + count.rows
            x0, x1 = left + width * start // total, left + width * end // total
            parts.append((QRect(x0, 0, max(1, x1 - x0), self.height()), count))
            start = end
        return parts

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's
        for box, count in self.segments():
            if self._column is not None and box.contains(event.pos()):
                self.chosen.emit(self._column.name, count.value)
                return

    def event(self, event: QEvent) -> bool:
        """Show the full text of a value as its tooltip."""
        if isinstance(event, QHelpEvent):
            texts = [self._text(count) for box, count in self.segments() if box.contains(event.pos())]
            hint = self.tr("Click to show only these rows.")
            QToolTip.showText(self.mapToGlobal(event.pos()), f"{texts[0]}\n{hint}" if texts else "", self)
            return True
        return bool(super().event(event))

    def _label_box(self) -> QRect:
        width = min(self.fontMetrics().horizontalAdvance(self._label()) + 3 * _MARGIN, self.width() // 2)
        return QRect(0, 0, width, self.height())

    def _label(self) -> str:
        """Return the name of the column, and how many of its answers a person reviewed and found right."""
        if self._column is None:
            return ""
        right = sum(count.checked for count in self._counts)
        reviewed = right + sum(count.corrected for count in self._counts)
        if not reviewed:
            return self._column.label
        text = self.tr("{column} – right: {right} of {reviewed} reviewed")
        return text.format(column=self._column.label, right=right, reviewed=reviewed)

    def _text(self, count: ValueCount) -> str:
        kind = self._column.kind if self._column is not None else None
        is_missing = count.value is None or kind is None
        label = self.tr("No answer") if is_missing or kind is None else display_text(count.value, kind)
        return f"{label}: {count.rows}"
