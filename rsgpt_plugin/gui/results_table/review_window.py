"""A window with the picture of one row, to look at it closely and to correct one answer after the other by keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Optional

from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtGui import QKeyEvent, QKeySequence, QPainter, QResizeEvent
from qgis.PyQt.QtWidgets import QDialog, QLabel, QSizePolicy, QVBoxLayout

from ...geo.results.display_values import CONFIDENCE_LEVELS, DisplayColumn, review_text
from ...geo.results.layer_rows import LayerRow
from ...services.results.table_rows import TableRows
from ...services.results.thumbnails import Thumbnails
from ...shared.results.columns import CHECKED, CORRECTED
from ...shared.results.rows import Status
from ...shared.text import percent
from ..showing.picture_marks import draw_marks
from ..showing.row_bar import RowBar
from ..widgets import set_initial_size, text_label
from .correcting.value_editors import answer_list
from .rows_model import CHOICES_ROLE, PICTURE
from .table_view import ResultsView

_UNSURE_BELOW = CONFIDENCE_LEVELS[1][0]
_WITHOUT_PICTURE = (Status.SKIPPED.value, Status.FAILED.value)
_MAX_CACHED = 20


class ReviewWindow(QDialog):
    """Shows the row with the focus of a view; its keys move the focus and correct answers as the view does."""

    def __init__(self, view: ResultsView, rows: TableRows) -> None:
        super().__init__(view, Qt.WindowType.Window)
        self.setWindowTitle(self.tr("RSGPT picture"))
        self._view, self._rows = view, rows
        self._model = view.results
        self._pictures = Thumbnails(None, _MAX_CACHED)
        self._number = -1  # of the column that is reviewed
        self.picture = QLabel()
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.place, self.answer, self.keys = text_label(), text_label(), text_label()
        bold = self.answer.font()
        bold.setBold(True)
        self.answer.setFont(bold)
        layout = QVBoxLayout(self)
        layout.addWidget(self.picture, 1)
        self.where = RowBar()
        for widget in (self.where, self.place, self.answer, self.keys):
            layout.addWidget(widget)
        self.where.where.changed.connect(self._show_row)
        self.finished.connect(self.where.end)
        set_initial_size(self, 36, 40)
        self._pictures.arrived.connect(self._show_row)
        for signal in (self._model.modelReset, self._model.dataChanged, view.current_changed):
            signal.connect(self._refresh)

    def open_at(self, line: int) -> None:
        """Show the row in a line of the table."""
        self._pictures.forget_missing()
        self._go(line)
        self.show()
        self.raise_()
        self.activateWindow()
        self._refresh()

    def show_where(self, line: int, column: int) -> None:
        """Show the row in a line, and where the thing is that the question of a column asks about."""
        self._number = column
        self.where.keep_showing()
        self.open_at(line)

    def end(self) -> None:
        """Close the window and its thread."""
        self.where.end()
        self.close()
        self._pictures.close()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's
        """Move with the arrows, answer with Y, N and digits, undo and redo. The present answer is marked as right."""
        keys, line = Qt.Key, self._view.currentIndex().row()
        if event.matches(QKeySequence.StandardKey.Undo):
            self._view.undo_requested.emit()
        elif event.matches(QKeySequence.StandardKey.Redo):
            self._view.redo_requested.emit()
        elif event.key() in (keys.Key_Left, keys.Key_Right):
            self._go(line + (1 if event.key() == keys.Key_Right else -1))
        elif event.key() in (keys.Key_Up, keys.Key_Down):
            self._turn(1 if event.key() == keys.Key_Down else -1)
        elif event.key() in (keys.Key_Return, keys.Key_Enter, keys.Key_Space):
            self._go(self._next_unsure(line))
        elif event.key() == keys.Key_W:
            self.where.box.toggle()
        elif not self._answer(event.text().casefold()):
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's
        super().resizeEvent(event)
        self._show_row()

    def _go(self, line: Optional[int]) -> None:
        if line is not None and 0 <= line < self._model.rowCount():
            self._view.setCurrentIndex(self._model.index(line, max(self._number, PICTURE)))

    def _turn(self, step: int) -> None:
        """Review the next answer of the same row."""
        numbers = self._editable()
        if numbers:
            place = numbers.index(self._number) if self._number in numbers else -1
            self._number = numbers[(place + step) % len(numbers)]
            self._go(self._view.currentIndex().row())
            self._show_row()

    def _answer(self, key: str) -> bool:
        """Correct the answer if `key` stands for one; return whether it does."""
        value = next((value for name, _, value in self._answers() if key == name), self)
        index = self._model.index(self._view.currentIndex().row(), self._number)
        if value is self or not index.isValid():
            return False
        column = self._column()
        if column is not None and value is not None and value == index.data(Qt.ItemDataRole.EditRole):
            self._view.check_requested.emit(column.name, [self._model.row_at(index.row()).fid])
        else:
            self._model.setData(index, value, Qt.ItemDataRole.EditRole)
        return True

    def _answers(self) -> list[tuple[str, str, Any]]:
        """Return key, label and value of the answers that a key can give."""
        column, index = self._column(), self._model.index(self._view.currentIndex().row(), self._number)
        if column is None or not index.isValid():
            return []
        answers = answer_list(column.kind, index.data(CHOICES_ROLE))[:-1]  # without “No answer”
        present = index.data(Qt.ItemDataRole.EditRole)
        if not answers:
            return [("y", self.tr("right"), present)] if present is not None else []
        names: Iterable[str] = "123456789" if answers and isinstance(answers[0][1], str) else "yn"
        return [(name, label, value) for name, (label, value) in zip(names, answers)]

    def _next_unsure(self, line: int) -> Optional[int]:
        """Return the next line whose answer is missing or unsure and not reviewed; after the last comes the first."""
        column, count = self._column(), self._model.rowCount()
        if column is None:
            return None
        lines = ((line + step) % count for step in range(1, count + 1))
        return next((other for other in lines if self._is_unsure(self._model.row_at(other), column)), None)

    def _is_unsure(self, row: LayerRow, column: DisplayColumn) -> bool:
        """Return whether there is something to judge: not in a row without a picture."""
        if row.status in _WITHOUT_PICTURE:
            return False
        sure = row.sure[self._number - 1]
        is_low = row.values[self._number - 1] is None or (sure is not None and sure < _UNSURE_BELOW)
        return is_low and column.name not in row.models and column.name not in row.checked

    def _editable(self) -> list[int]:
        return [number for number, column in enumerate(self._model.columns, 1) if column.editable]

    def _column(self) -> Optional[DisplayColumn]:
        return self._model.column_at(self._number)

    def _refresh(self, *changed: object) -> None:
        number, numbers = self._view.currentIndex().column(), self._editable()
        if number in numbers:
            self._number = number
        elif self._number not in numbers:
            self._number = next(iter(numbers[1:] or numbers), -1)
        if self._view.results.rowCount():
            self._show_row()
        else:
            self.close()

    def _show_row(self, *changed: object) -> None:
        index, column = self._view.currentIndex(), self._column()
        if not index.isValid() or column is None:
            return
        row = self._model.row_at(index.row())
        if self.isVisible():
            self.where.follow(self._rows.layer, row, column.name)
        self._show_picture(row.sha256)
        self.place.setText(self.tr("Row {line} of {count}").format(line=index.row() + 1, count=self._model.rowCount()))
        cell = self._model.index(index.row(), self._number)
        state = self._state(row, column)
        text = f"{column.label}: {cell.data() or self.tr('No answer')}"
        self.answer.setText(f"{text} ({state})" if state else text)
        answers = [f"{name.upper()} {label}" for name, label, _ in self._answers()]
        moves = self.tr("← → other row, ↑ ↓ other question, Enter next unsure answer, W show where, Ctrl+Z undo")
        self.keys.setText("\n".join(filter(None, [", ".join(answers), moves])))

    def _state(self, row: LayerRow, column: DisplayColumn) -> str:
        """Return the confidence of an answer, and who corrected or checked it."""
        if column.name in row.models:
            return review_text(CORRECTED, row.reviewer)
        sure = row.sure[self._number - 1]
        parts = [percent(sure)] if sure is not None else []
        return ", ".join(parts + ([review_text(CHECKED, row.reviewer)] if column.name in row.checked else []))

    def _show_picture(self, sha256: str) -> None:
        pixmap = self._pictures.get(sha256)
        if pixmap is None:
            is_missing = self._pictures.is_missing(sha256)
            self.picture.setText(
                self.tr("The picture is not stored.") if is_missing else self.tr("Loading the picture…")
            )
            return
        size: QSize = self.picture.size()
        smooth = Qt.TransformationMode.SmoothTransformation
        scaled = pixmap.scaled(size, Qt.AspectRatioMode.KeepAspectRatio, smooth)
        painter = QPainter(scaled)
        draw_marks(painter, self.where.where.located, scaled.rect())
        painter.end()
        self.picture.setPixmap(scaled)
