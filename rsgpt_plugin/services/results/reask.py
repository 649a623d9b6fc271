"""Asks rows of a results layer again, as tasks, and writes the answers into the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Optional

from qgis.core import QgsFeature, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QObject, pyqtSignal

from ...errors import OutputError, RsgptError
from ...geo.results.layer_rows import LayerRow
from ..runs.algorithm_task import AlgorithmTask, project_context
from ..time_slices import TimeSlicer
from .added_question import RowChange, add_question_columns
from .layer_edits import write_values
from .reask_request import ReaskGroup, ReaskRequest, ReaskStep, group_rows, row_places, step
from .reask_rows import ReaskOutput, changes

translate = QCoreApplication.translate


@dataclass(eq=False)
class _ReaskJob:
    """A request and its state. number: of the current group. step: holds layers that the run refers to."""

    layer: QgsVectorLayer
    request: ReaskRequest
    groups: Sequence[ReaskGroup]
    number: int = 0
    step: Optional[ReaskStep] = None
    written: int = 0
    problem: str = ""
    running: Optional[AlgorithmTask] = None


class ReaskService(QObject):
    """Runs one request at a time, on the main thread.

    progressed: percent. A request ends with `ended` or `failed` and a message.
    """

    progressed = pyqtSignal(float)
    ended = pyqtSignal(str)
    failed = pyqtSignal(str)

    def __init__(self, project: QgsProject) -> None:
        super().__init__()
        self._project = project
        self._job: Optional[_ReaskJob] = None
        self._slices = TimeSlicer()

    @property
    def busy(self) -> bool:
        """Whether a request is running."""
        return self._job is not None

    def start(self, layer: QgsVectorLayer, rows: Sequence[LayerRow], request: ReaskRequest) -> None:
        """Ask `rows` of `layer` again. The task manager lists each run; canceling one run stops the request."""
        if self._job is not None or not rows:
            return
        self._job = job = _ReaskJob(layer, request, group_rows(rows, request))
        layer.willBeDeleted.connect(self.stop)
        self._prepare(job)

    def stop(self) -> None:
        """Cancel the running request. The answers so far are cached, so that asking again resumes it."""
        job = self._job
        if job is None:
            return
        self._end(translate("Rsgpt", "Stopped. The answers so far are stored; ask again to resume."), True)
        if job.running is not None:
            job.running.drop()

    def close(self) -> None:
        """Stop, and wait a moment for the end of the run."""
        running = self._job.running if self._job is not None else None
        self.stop()
        if running is not None:
            running.wait()

    def _prepare(self, job: _ReaskJob) -> None:
        """Read the places of the current group, then start its run."""
        group, places = job.groups[job.number], list[QgsFeature]()
        features = row_places(job.layer, group, job.request)
        self._slices.start(features, places.extend, lambda: self._run(job, group, places), self._fail)

    def _run(self, job: _ReaskJob, group: ReaskGroup, places: Sequence[QgsFeature]) -> None:
        job.step = current = step(job.layer, group, job.request, places)
        try:
            task = AlgorithmTask(current.algorithm, dict(current.parameters), project_context(self._project))
        except RsgptError as error:
            self._end(str(error), False)
            return
        job.running = task
        task.task.progressChanged.connect(lambda percent: self._progress(job, percent))
        description = translate("Rsgpt", "RSGPT: asking again about {layer}").format(layer=job.layer.name())
        task.start(description, lambda results: self._on_finished(job, task, results))

    def _progress(self, job: _ReaskJob, percent: float) -> None:
        if job is self._job:
            self.progressed.emit((100.0 * job.number + percent) / len(job.groups))

    def _on_finished(self, job: _ReaskJob, task: AlgorithmTask, results: dict[str, Any]) -> None:
        if task.was_cancelled:
            self.stop()
            return
        job.running = None
        output = task.output(results)
        if output is None:
            self._end(task.feedback.first_error(), False)
            return
        features = list[QgsFeature]()
        update = partial(self._update, job)
        self._slices.start(
            output.getFeatures(), features.extend, lambda: update(ReaskOutput(output, features)), self._fail
        )

    def _update(self, job: _ReaskJob, output: ReaskOutput) -> None:
        if job.step is not None:
            added = job.request.added
            try:
                if added is not None:
                    add_question_columns(job.layer, added)
            except OutputError as error:
                self._end(str(error), False)
                return
            row_changes = changes(job.layer, job.step, output, self._project, added)
            write = partial(self._write, job)
            self._slices.start(row_changes, write, lambda: self._next(job), self._fail)

    def _write(self, job: _ReaskJob, batch: list[RowChange]) -> None:
        try:
            values = {change.fid: change.values for change in batch if change.values}
            write_values(job.layer, values, translate("Rsgpt", "Ask again"))
        except OutputError as error:
            self._end(str(error), False)
            return
        job.written += len(values)
        job.problem = job.problem or next((change.problem for change in batch if change.problem), "")

    def _next(self, job: _ReaskJob) -> None:
        if job is not self._job:
            return
        job.number += 1
        if job.number < len(job.groups):
            self._prepare(job)
            return
        count = sum(len(group.fids) for group in job.groups)
        if job.written == count:
            asked = translate("Rsgpt", "Asked again. Rows: {asked}.")
            if job.request.added is not None:
                asked = translate("Rsgpt", "The question was asked. Rows: {asked}.")
            self._end(asked.format(asked=count), True)
        else:
            message = translate("Rsgpt", "{kept} of {asked} rows keep their previous answers ({problem}).")
            message = message.format(kept=count - job.written, asked=count, problem=job.problem or "?")
            self._end(message, job.written > 0)

    def _fail(self, message: str) -> None:
        self._end(message, False)

    def _end(self, message: str, succeeded: bool) -> None:
        job, self._job = self._job, None
        self._slices.stop()
        if job is not None:
            job.layer.willBeDeleted.disconnect(self.stop)
            (self.ended if succeeded else self.failed).emit(message)
