"""Corrections of any number of rows, with undo and redo, in slices that keep the window responsive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, NamedTuple, Optional

from qgis.core import QgsFeature, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QObject, pyqtSignal

from ...errors import OutputError
from ...geo.results.column_roles import result_columns
from ...geo.results.layer_rows import attributes_only, null_to_none
from ...shared.results.columns import CORRECTED_AT
from ..time_slices import TimeSlicer
from .corrections import add_correction_columns, correction, missing_row, restoration, value_check
from .layer_edits import write_values

translate = QCoreApplication.translate

_BATCH_SIZE = 100  # rows that are read at a time; fewer rows are written at once
_MAX_STEPS = 100


class RowEdit(NamedTuple):
    """The values of a row by column, before and after an edit; both {} if it stays as it is. problem: why, or ""."""

    fid: int
    before: dict[str, Any]
    after: dict[str, Any]
    problem: str = ""


@dataclass
class _EditHistory:
    """The edits of a layer outside its edit sessions, the latest last."""

    undo: list[list[RowEdit]] = field(default_factory=list)
    redo: list[list[RowEdit]] = field(default_factory=list)


class _Reverted(NamedTuple):
    """A step that is being undone or redone, and the list that it was taken from."""

    steps: list[list[RowEdit]]
    step: list[RowEdit]


@dataclass(eq=False)
class _EditJob:
    """An edit in progress.

    in_session: whether the layer is in an edit session. finished: called with the edits outside a session. column: that
    is corrected, or "". kept: number of rows that stay as they are because of a problem.
    """

    layer: QgsVectorLayer
    count: int
    in_session: bool
    finished: Callable[[list[RowEdit]], None]
    message: str = ""
    column: str = ""
    reverted: Optional[_Reverted] = None
    edits: list[RowEdit] = field(default_factory=list)
    seen: int = 0
    kept: int = 0
    problem: str = ""


class CorrectionService(QObject):
    """Runs one edit at a time, on the main thread.

    progressed: percent, for edits that take long. An edit ends with `ended`, or with `failed` and a message. The
    message of `ended` is "" for one row.
    """

    progressed = pyqtSignal(float)
    ended = pyqtSignal(str)
    failed = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self._slices = TimeSlicer()
        self._job: Optional[_EditJob] = None
        self._histories: dict[str, _EditHistory] = {}

    @property
    def busy(self) -> bool:
        """Whether an edit is in progress."""
        return self._job is not None

    def correct(self, layer: QgsVectorLayer, fids: Sequence[int], name: str, value: Any) -> None:
        """Write `value`, None for no answer, into the column `name` of these rows, as one step."""
        message = translate("Rsgpt", "Corrected. Rows: {count}.")
        job = _EditJob(layer, len(fids), layer.isEditable(), self._push(layer), message, name)
        self._start(job, _corrections(layer, fids, name, value), translate("Rsgpt", "Correct answers"))

    def restore(self, layer: QgsVectorLayer, fids: Sequence[int], name: str) -> None:
        """Restore the model's answers in the column `name` of these rows, as one step."""
        message = translate("Rsgpt", "The model's answers are restored. Rows: {count}.")
        job = _EditJob(layer, len(fids), layer.isEditable(), self._push(layer), message)
        self._start(job, _restorations(layer, fids, name), translate("Rsgpt", "Restore the model's answers"))

    def undo(self, layer: QgsVectorLayer) -> None:
        """Undo the last edit: of the layer's edit session if one is open, else the last correction."""
        history = self._history(layer)
        self._revert(layer, history.undo, history.redo, translate("Rsgpt", "There is no correction to undo."))

    def redo(self, layer: QgsVectorLayer) -> None:
        """Repeat the edit that was undone last."""
        history = self._history(layer)
        self._revert(layer, history.redo, history.undo, translate("Rsgpt", "There is no correction to redo."))

    def stop(self) -> None:
        """Stop the edit in progress. Outside an edit session, the rows that are written stay and can be undone."""
        if self._job is not None:
            self._abort(translate("Rsgpt", "Stopped. Rows that were written: {count}."))

    def _history(self, layer: QgsVectorLayer) -> _EditHistory:
        key = layer.id()
        if key not in self._histories:
            layer.willBeDeleted.connect(self._forget)
        return self._histories.setdefault(key, _EditHistory())

    def _forget(self) -> None:
        layer = self.sender()
        if isinstance(layer, QgsVectorLayer):
            self._histories.pop(layer.id(), None)

    def _push(self, layer: QgsVectorLayer) -> Callable[[list[RowEdit]], None]:
        history = self._history(layer)

        def push(edits: list[RowEdit]) -> None:
            history.redo.clear()
            _add(history.undo, edits)

        return push

    def _revert(
        self, layer: QgsVectorLayer, steps: list[list[RowEdit]], opposite: list[list[RowEdit]], nothing: str
    ) -> None:
        if self.busy:
            self.failed.emit(_busy_message())
        elif layer.isEditable():
            stack, is_undo = layer.undoStack(), steps is self._history(layer).undo
            if stack.canUndo() if is_undo else stack.canRedo():
                stack.undo() if is_undo else stack.redo()
                layer.triggerRepaint()
            else:
                self.ended.emit(nothing)
        elif not steps:
            self.ended.emit(nothing)
        else:
            step = steps.pop()
            job = _EditJob(layer, len(step), False, partial(_add, opposite), reverted=_Reverted(steps, step))
            self._start(job, _reversals(layer, step), "")

    def _start(self, job: _EditJob, edits: Iterator[RowEdit], label: str) -> None:
        if self.busy:
            self.failed.emit(_busy_message())
            return
        if job.column and job.layer.fields().indexOf(job.column) < 0:
            message = translate("Rsgpt", "The layer no longer has the column “{name}”.")
            self.failed.emit(message.format(name=job.column))
            return
        self._job = job
        job.layer.willBeDeleted.connect(self._drop)
        if job.in_session:
            job.layer.beginEditCommand(label)
        if job.count > _BATCH_SIZE:
            self._slices.start(edits, self._write, self._done, self._abort)
        else:
            self._write(list(edits))
            self._done()

    def _write(self, batch: list[RowEdit]) -> None:
        job = self._job
        if job is None:
            return
        if job.layer.isEditable() is not job.in_session:
            self._abort(translate("Rsgpt", "The edit session has changed. Rows that were written: {count}."))
            return
        written = [edit for edit in batch if edit.after]
        try:
            if job.column and written:
                add_correction_columns(job.layer, job.column)
            write_values(job.layer, {edit.fid: edit.after for edit in written}, "")
        except OutputError as error:
            self._abort(str(error))
            return
        job.edits += written
        job.seen += len(batch)
        job.kept += sum(bool(edit.problem) for edit in batch)
        job.problem = job.problem or next((edit.problem for edit in batch if edit.problem), "")
        if job.count > _BATCH_SIZE:
            self.progressed.emit(100.0 * job.seen / job.count)

    def _done(self) -> None:
        job = self._close(True)
        if job is None:
            return
        if job.kept and job.count == 1:
            self.failed.emit(job.problem)
        elif job.kept:
            message = translate("Rsgpt", "{kept} of {count} rows stay as they are. {problem}")
            self.failed.emit(message.format(kept=job.kept, count=job.count, problem=job.problem))
        else:
            self.ended.emit(job.message.format(count=len(job.edits)) if job.count > 1 else "")

    def _abort(self, message: str) -> None:
        job = self._close(False)
        if job is not None:
            self.failed.emit(message.replace("{count}", str(0 if job.in_session else len(job.edits))))

    def _close(self, succeeded: bool) -> Optional[_EditJob]:
        """End the job: its edit command is kept or rolled back, and its edits go to the history."""
        job, self._job = self._job, None
        self._slices.stop()
        if job is None:
            return None
        job.layer.willBeDeleted.disconnect(self._drop)
        if job.in_session and job.layer.isEditable():
            job.layer.endEditCommand() if succeeded else job.layer.destroyEditCommand()
        elif not job.in_session and job.edits:
            job.finished(job.edits)
        if job.reverted is not None and not succeeded:
            done = {edit.fid for edit in job.edits}
            job.reverted.steps.append([edit for edit in job.reverted.step if edit.fid not in done])
        return job

    def _drop(self) -> None:
        """Forget the edit of a layer that is being deleted."""
        self._job = None
        self._slices.stop()
        self.ended.emit("")


def _corrections(layer: QgsVectorLayer, fids: Sequence[int], name: str, value: Any) -> Iterator[RowEdit]:
    columns, missing, problem_of = result_columns(layer), set(fids), value_check(layer, name, value)
    for row in _rows(layer, fids):
        missing.discard(row.id())
        problem = problem_of(row)
        changes = {} if problem else correction(columns, row, name, value)
        yield RowEdit(row.id(), _values(row, changes), changes, problem)
    for fid in missing:
        yield RowEdit(fid, {}, {}, missing_row())


def _restorations(layer: QgsVectorLayer, fids: Sequence[int], name: str) -> Iterator[RowEdit]:
    columns = result_columns(layer)
    for row in _rows(layer, fids):
        changes = restoration(columns, row, name)
        yield RowEdit(row.id(), _values(row, changes), changes)


def _reversals(layer: QgsVectorLayer, step: Sequence[RowEdit]) -> Iterator[RowEdit]:
    """Yield the reverse of each edit, with a problem if the row was deleted or changed since."""
    edits, columns = {edit.fid: edit for edit in step}, set(layer.fields().names())
    for row in _rows(layer, list(edits)):
        edit = edits.pop(row.id())
        current = _values(row, edit.after)
        if columns >= edit.before.keys() and all(
            current[name] == value for name, value in edit.after.items() if name != CORRECTED_AT
        ):
            yield RowEdit(edit.fid, edit.after, edit.before)
        else:
            yield RowEdit(edit.fid, {}, {}, translate("Rsgpt", "The row was changed in the meantime."))
    for fid in edits:
        yield RowEdit(fid, {}, {}, missing_row())


def _rows(layer: QgsVectorLayer, fids: Sequence[int]) -> Iterator[QgsFeature]:
    """Yield the rows that still exist, in batches: an open read cursor would lock the file during a write."""
    remaining = iter(fids)
    while batch := list(islice(remaining, _BATCH_SIZE)):
        yield from list(layer.getFeatures(attributes_only().setFilterFids(batch)))


def _values(row: QgsFeature, names: dict[str, Any]) -> dict[str, Any]:
    return {name: null_to_none(row[name]) if row.fieldNameIndex(name) >= 0 else None for name in names}


def _add(steps: list[list[RowEdit]], edits: list[RowEdit]) -> None:
    steps.append(edits)
    del steps[:-_MAX_STEPS]


def _busy_message() -> str:
    return translate("Rsgpt", "A correction is still being written. Wait until it ends.")
