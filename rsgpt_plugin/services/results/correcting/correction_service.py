"""Corrections and checks of any number of rows, with undo and redo, in slices that keep the window responsive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, NamedTuple, Optional

from qgis.core import QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QObject, pyqtSignal

from ....errors import OutputError
from ....unexpected import log_unexpected
from ...time_slices import TimeSlicer
from ..layer_edits import write_values
from .corrections import add_check_columns, add_correction_columns
from .row_edits import BATCH_SIZE, RowEdit, checks, corrections, restorations, reversals, unchecks

translate = QCoreApplication.translate

_AT_ONCE = 500  # rows that are written at once in an edit session
_PART = 10  # more rows are written so many at a time
_MAX_STEPS = 100
_MAX_ROWS = 200_000  # in the steps of a history: about 0.4 KB each


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

    in_session: whether the layer is in an edit session, whose edits are written at the end, as one command named
    `label`. finished: called with the edits outside a session. column: that is corrected or checked, or "".
    prepare: adds the columns that the edits need. kept: number of rows that stay as they are because of a problem.
    has_other_edits: whether the open command includes an edit of others.
    """

    layer: QgsVectorLayer
    count: int
    in_session: bool
    finished: Callable[[list[RowEdit]], None]
    label: str = ""
    message: str = ""
    column: str = ""
    prepare: Callable[[], None] = lambda: None
    reverted: Optional[_Reverted] = None
    edits: list[RowEdit] = field(default_factory=list)
    seen: int = 0
    written: int = 0
    kept: int = 0
    problem: str = ""
    is_watching: bool = False
    is_command_open: bool = False
    has_other_edits: bool = False


class CorrectionService(QObject):
    """Runs one edit at a time, on the main thread.

    progressed: percent, for edits that take long. An edit ends with `ended`, or with `failed` and a message. The
    message of `ended` is "" for one row. writing: whether an edit command stays open while the window is responsive, so
    that the user must not edit the layer.
    """

    progressed = pyqtSignal(float)
    writing = pyqtSignal(bool)
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

    def correct(
        self, layer: QgsVectorLayer, fids: Sequence[int], name: str, value: Any, choices: Sequence[str] = ()
    ) -> None:
        """Write `value`, None for no answer, into the column `name` of these rows, as one step.

        choices: of the rows that were asked something else last, () for any.
        """
        message = translate("Rsgpt", "Corrected. Rows: {count}.")
        job = self._job_for(layer, fids, _correct_label(), message)
        job.column, job.prepare = name, partial(add_correction_columns, layer, name)
        self._start(job, corrections(layer, fids, name, value, choices))

    def check(self, layer: QgsVectorLayer, fids: Sequence[int], name: str) -> None:
        """Mark the answers in the column `name` of these rows as right, as one step."""
        job = self._job_for(layer, fids, _check_label(), translate("Rsgpt", "Marked as right. Rows: {count}."))
        job.column, job.prepare = name, partial(add_check_columns, layer)
        self._start(job, checks(layer, fids, name))

    def uncheck(self, layer: QgsVectorLayer, fids: Sequence[int], name: str) -> None:
        """Remove these marks, as one step."""
        job = self._job_for(layer, fids, _uncheck_label(), translate("Rsgpt", "The marks are removed. Rows: {count}."))
        self._start(job, unchecks(layer, fids, name))

    def restore(self, layer: QgsVectorLayer, fids: Sequence[int], name: str) -> None:
        """Restore the model's answers in the column `name` of these rows, as one step."""
        message = translate("Rsgpt", "The model's answers are restored. Rows: {count}.")
        self._start(self._job_for(layer, fids, _restore_label(), message), restorations(layer, fids, name))

    def undo(self, layer: QgsVectorLayer) -> None:
        """Undo the last correction. In an edit session, nothing is undone if another edit followed it."""
        history = self._history(layer)
        self._revert(layer, history.undo, history.redo, translate("Rsgpt", "There is no correction to undo."))

    def redo(self, layer: QgsVectorLayer) -> None:
        """Repeat the correction that was undone last."""
        history = self._history(layer)
        self._revert(layer, history.redo, history.undo, translate("Rsgpt", "There is no correction to redo."))

    def stop(self) -> None:
        """Stop the edit in progress. Outside an edit session, the rows that are written stay and can be undone."""
        if self._job is not None:
            self._abort(translate("Rsgpt", "Stopped. Rows that were written: {count}."))

    def _job_for(self, layer: QgsVectorLayer, fids: Sequence[int], label: str, message: str) -> _EditJob:
        return _EditJob(layer, len(fids), layer.isEditable(), self._push(layer), label, message)

    def _history(self, layer: QgsVectorLayer) -> _EditHistory:
        key = layer.id()
        if key not in self._histories:
            layer.willBeDeleted.connect(self._forget)
            layer.beforeCommitChanges.connect(self._on_commit)
        return self._histories.setdefault(key, _EditHistory())

    def _forget(self) -> None:
        layer = self.sender()
        if isinstance(layer, QgsVectorLayer):
            self._histories.pop(layer.id(), None)

    def _on_commit(self, ends: bool = True) -> None:
        """Forget the corrections before an edit session that changed the layer: they are no longer the last edits."""
        layer = self.sender()
        if isinstance(layer, QgsVectorLayer) and layer.isModified():
            self._histories[layer.id()] = _EditHistory()

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
            self._revert_in_session(layer, steps is self._history(layer).undo, nothing)
        elif not steps:
            self.ended.emit(nothing)
        else:
            step = steps.pop()
            job = _EditJob(layer, len(step), False, partial(_add, opposite), reverted=_Reverted(steps, step))
            self._start(job, reversals(layer, step))

    def _revert_in_session(self, layer: QgsVectorLayer, is_undo: bool, nothing: str) -> None:
        stack = layer.undoStack()
        text = stack.undoText() if is_undo else stack.redoText()
        if text in (_correct_label(), _restore_label(), _check_label(), _uncheck_label()):
            stack.undo() if is_undo else stack.redo()
            layer.triggerRepaint()
        elif stack.canUndo() if is_undo else stack.canRedo():
            self.ended.emit(
                translate("Rsgpt", "The last edit of this edit session is not a correction. Use the Edit menu.")
            )
        else:
            self.ended.emit(nothing)

    def _start(self, job: _EditJob, edits: Iterator[RowEdit]) -> None:
        if self.busy:
            self.failed.emit(_busy_message())
            return
        if job.column and job.layer.fields().indexOf(job.column) < 0:
            message = translate("Rsgpt", "The layer no longer has the column “{name}”.")
            self.failed.emit(message.format(name=job.column))
            return
        self._job = job
        job.layer.willBeDeleted.connect(self._drop)
        if job.count > BATCH_SIZE:
            self._watch_other_edits(job)
            self._slices.start(edits, self._take, self._done, self._abort)
            return
        try:
            self._take(list(edits))
            self._done()
        except Exception as error:  # an edit that does not end would block all others
            self._abort(log_unexpected(error))

    def _take(self, batch: list[RowEdit]) -> None:
        job = self._job
        if job is None:
            return
        if job.layer.isEditable() is not job.in_session:
            self._on_other_edit()
            return
        edits = [edit for edit in batch if edit.columns]
        # An edit command that stays open while the window is responsive would include the user's other edits.
        if not job.in_session and not self._write(job, edits):
            return
        job.edits += edits
        job.seen += len(batch)
        job.kept += sum(bool(edit.problem) for edit in batch)
        job.problem = job.problem or next((edit.problem for edit in batch if edit.problem), "")
        if job.count > BATCH_SIZE:
            self.progressed.emit((50.0 if job.in_session else 100.0) * job.seen / job.count)

    def _write(self, job: _EditJob, edits: Sequence[RowEdit]) -> bool:
        """Write edits; on an error, end the job and return False."""
        try:
            if edits:
                job.prepare()
            before = {edit.fid: dict(zip(edit.columns, edit.before)) for edit in edits}
            write_values(job.layer, {edit.fid: dict(zip(edit.columns, edit.after)) for edit in edits}, "", before)
        except OutputError as error:
            self._abort(str(error))
            return False
        return True

    def _write_in_session(self, job: _EditJob) -> None:
        """Write all edits as one command: at once, or in slices if they are many."""
        if job.layer.isEditCommandActive():  # another edit that has not ended would include this one
            self._on_other_edit()
            return
        self._open_command(job)
        if len(job.edits) > _AT_ONCE:
            self.writing.emit(True)
            self._slices.start(
                self._writes(job), lambda percents: self.progressed.emit(percents[-1]), self._finish, self._abort
            )
        elif self._write(job, job.edits):
            self._finish()

    def _writes(self, job: _EditJob) -> Iterator[float]:
        """Write the edits, a few at a time, and yield the percent that is done."""
        edits = iter(job.edits)
        while (part := list(islice(edits, _PART))) and self._write(job, part):
            job.written += len(part)
            yield 50.0 + 50.0 * job.written / len(job.edits)

    def _open_command(self, job: _EditJob) -> None:
        layer = job.layer
        self._ignore_other_edits(job)
        layer.beginEditCommand(job.label)
        job.is_command_open = True
        layer.editCommandStarted.connect(self._note_other_edit)
        for signal in (layer.beforeCommitChanges, layer.beforeRollBack):
            signal.connect(self._on_other_edit)

    def _close_command(self, job: _EditJob, succeeded: bool) -> None:
        layer = job.layer
        job.is_command_open = False
        for signal in (layer.beforeCommitChanges, layer.beforeRollBack):
            signal.disconnect(self._on_other_edit)
        layer.editCommandStarted.disconnect(self._note_other_edit)
        if succeeded or job.has_other_edits:  # which would be lost with the command
            layer.endEditCommand()
        else:
            layer.destroyEditCommand()
            job.written = 0
        self.writing.emit(False)

    def _note_other_edit(self, name: str) -> None:
        if self._job is not None:
            self._job.has_other_edits = True

    def _on_other_edit(self, *arguments: object) -> None:
        self._abort(translate("Rsgpt", "The edit session has changed. Rows that were written: {count}."))

    def _watch_other_edits(self, job: _EditJob) -> None:
        if job.in_session:
            job.layer.undoStack().indexChanged.connect(self._on_other_edit)
            job.is_watching = True

    def _ignore_other_edits(self, job: _EditJob) -> None:
        if job.is_watching:
            job.layer.undoStack().indexChanged.disconnect(self._on_other_edit)
            job.is_watching = False

    def _done(self) -> None:
        if self._job is not None and self._job.in_session and self._job.edits:
            self._write_in_session(self._job)
        else:
            self._finish()

    def _finish(self) -> None:
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
            self.failed.emit(message.replace("{count}", str(job.written if job.in_session else len(job.edits))))

    def _close(self, succeeded: bool) -> Optional[_EditJob]:
        """End the job, and add its edits outside a session to the history."""
        job, self._job = self._job, None
        self._slices.stop()
        if job is None:
            return None
        job.layer.willBeDeleted.disconnect(self._drop)
        self._ignore_other_edits(job)
        if job.is_command_open:
            self._close_command(job, succeeded)
        if not job.in_session and job.edits:
            job.finished(job.edits)
        if job.reverted is not None and not succeeded:
            done = {edit.fid for edit in job.edits}
            job.reverted.steps.append([edit for edit in job.reverted.step if edit.fid not in done])
        return job

    def _drop(self) -> None:
        """Forget the edit of a layer that is being deleted."""
        self._job = None
        self._slices.stop()
        self.writing.emit(False)
        self.ended.emit("")


def _add(steps: list[list[RowEdit]], edits: list[RowEdit]) -> None:
    """Add a step, and drop the oldest ones beyond the limits."""
    steps.append(edits)
    while len(steps) > _MAX_STEPS or (len(steps) > 1 and sum(map(len, steps)) > _MAX_ROWS):
        del steps[0]


def _correct_label() -> str:
    return translate("Rsgpt", "Correct answers")


def _restore_label() -> str:
    return translate("Rsgpt", "Restore the model's answers")


def _check_label() -> str:
    return translate("Rsgpt", "Mark answers as right")


def _uncheck_label() -> str:
    return translate("Rsgpt", "Remove marks of right answers")


def _busy_message() -> str:
    return translate("Rsgpt", "A correction is still being written. Wait until it ends.")
