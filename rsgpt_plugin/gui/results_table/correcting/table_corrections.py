"""Corrections in the results table: of one cell, of the selected rows, and their undo and redo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from qgis.core import QgsVectorLayer
from qgis.PyQt.QtCore import QObject, Qt, pyqtSignal

from ....services.results.correcting.choices import common_choices
from ....services.results.correcting.correction_service import CorrectionService
from ....services.results.table_rows import TableRows
from ..table_view import ResultsView
from .correct_dialog import CorrectDialog
from .writing_dialog import WritingDialog


class TableCorrections(QObject):
    """Writes what the user corrects in a view to the layer of its rows.

    problem, message: texts for the user. progressed: percent of a long edit, None at its end.
    """

    problem = pyqtSignal(str)
    message = pyqtSignal(str)
    progressed = pyqtSignal(object)

    def __init__(self, view: ResultsView, rows: TableRows) -> None:
        super().__init__(view)
        self._view = view
        self._rows = rows
        self._service = CorrectionService()
        self._is_long = False
        self._writing: Optional[WritingDialog] = None
        view.results.edited.connect(self._correct)
        view.restore_requested.connect(self._restore)
        view.check_requested.connect(self._check)
        view.uncheck_requested.connect(self._uncheck)
        view.correct_requested.connect(self.open_dialog)
        view.undo_requested.connect(self.undo)
        view.redo_requested.connect(self.redo)
        self._service.progressed.connect(self._on_progress)
        self._service.writing.connect(self._show_writing)
        self._service.ended.connect(self._on_ended)
        self._service.failed.connect(self._on_failed)

    @property
    def _layer(self) -> Optional[QgsVectorLayer]:
        return self._rows.layer

    def undo(self) -> None:
        """Undo the last correction."""
        if self._layer is not None:
            self._service.undo(self._layer)

    def redo(self) -> None:
        """Repeat the correction that was undone last."""
        if self._layer is not None:
            self._service.redo(self._layer)

    def stop(self) -> None:
        """Stop a long edit."""
        self._service.stop()

    def open_dialog(self, name: str, fids: Sequence[int]) -> None:
        """Ask for one answer for the column `name` of these rows, and write it."""
        model, layer = self._view.results, self._layer
        column = model.column_at(model.number_of(name))
        lines = [line for line in map(model.line_of, fids) if line is not None]
        if layer is None or column is None or not column.editable or not lines:
            return
        rows = [model.row_at(line) for line in lines]
        choices = common_choices((row.prompt for row in rows), column.means, model.known_choices(column))
        if choices is None:
            self.problem.emit(self.tr("The choices of the selected rows have nothing in common. Select fewer rows."))
            return
        value = rows[0].values[model.number_of(name) - 1]
        dialog = CorrectDialog(column, choices, value, len(rows), self._view)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        layer.willBeDeleted.connect(dialog.reject)
        chosen = [row.fid for row in rows]
        dialog.accepted.connect(
            lambda: self._correct_rows(chosen, name, dialog.value()) if self._layer is layer else None
        )
        dialog.open()

    def _correct(self, fid: int, name: str, value: Any) -> None:
        self._correct_rows([fid], name, value)

    def _correct_rows(self, fids: Sequence[int], name: str, value: Any) -> None:
        model = self._view.results
        column = model.column_at(model.number_of(name))
        if self._layer is not None:
            choices = model.known_choices(column) if column is not None else ()
            self._service.correct(self._layer, fids, name, value, choices)

    def _restore(self, name: str, fids: Sequence[int]) -> None:
        if self._layer is not None:
            self._service.restore(self._layer, fids, name)

    def _check(self, name: str, fids: Sequence[int]) -> None:
        if self._layer is not None:
            self._service.check(self._layer, fids, name)

    def _uncheck(self, name: str, fids: Sequence[int]) -> None:
        if self._layer is not None:
            self._service.uncheck(self._layer, fids, name)

    def _on_progress(self, percent: float) -> None:
        self._is_long = True
        self.progressed.emit(percent)
        if self._writing is not None:
            self._writing.bar.setValue(round(percent))

    def _show_writing(self, is_writing: bool) -> None:
        if is_writing:
            self._writing = WritingDialog(self._view.window())
            self._writing.rejected.connect(self._service.stop)
            self._writing.show()  # open() would leave other windows of QGIS usable
        elif self._writing is not None:
            dialog, self._writing = self._writing, None
            dialog.end()

    def _end(self) -> None:
        if self._is_long:
            self._is_long = False
            self.progressed.emit(None)

    def _on_ended(self, message: str) -> None:
        self._end()
        if message:
            self.message.emit(message)

    def _on_failed(self, message: str) -> None:
        self._end()
        self.problem.emit(message)
