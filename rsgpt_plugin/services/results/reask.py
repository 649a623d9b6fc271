"""Asks rows of a results layer again, as tasks, and writes the answers into the same rows. Draws nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Optional

from qgis.core import QgsFeature, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QObject, pyqtSignal

from ...errors import OutputError, RsgptError
from ...geo.results.layer_rows import LayerRow
from ..runs.algorithm_task import AlgorithmTask, context_of
from ..time_slices import TimeSlicer
from .layer_edits import write_values
from .reask_request import ReaskGroup, ReaskRequest, ReaskStep, groups, places, step
from .reask_rows import ReaskOutput, RowChange, changes

translate = QCoreApplication.translate


@dataclass(eq=False)
class _ReaskJob:
    """One request, and what has to live as long as it does."""

    layer: QgsVectorLayer
    wish: ReaskRequest
    groups: Sequence[ReaskGroup]
    number: int = 0
    step: Optional[ReaskStep] = None
    written: int = 0
    problem: str = ""
    running: Optional[AlgorithmTask] = None


class ReaskService(QObject):
    """One request at a time. `progressed`: percent; then `ended` or `failed` with a sentence. Main thread only."""

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
        """Whether a request is under way."""
        return self._job is not None

    def start(self, layer: QgsVectorLayer, rows: Sequence[LayerRow], wish: ReaskRequest) -> None:
        """Ask the rows of `layer`; the task manager shows each run and can cancel all."""
        if self._job is not None or not rows:
            return
        self._job = job = _ReaskJob(layer, wish, groups(rows, wish))
        layer.willBeDeleted.connect(self.stop)
        self._prepare(job)

    def stop(self) -> None:
        """Cancel what runs. Answers so far are remembered, so that asking once more goes on from there."""
        job = self._job
        if job is None:
            return
        self._end(translate("Rsgpt", "Stopped. Answers so far are remembered; ask again to go on."), True)
        if job.running is not None:
            job.running.drop()

    def close(self) -> None:
        """Stop, and wait a moment for the run."""
        running = self._job.running if self._job is not None else None
        self.stop()
        if running is not None:
            running.wait()

    def _prepare(self, job: _ReaskJob) -> None:
        """Find out where the rows are, then run."""
        group, found = job.groups[job.number], list[QgsFeature]()
        where = places(job.layer, group, job.wish)
        self._slices.start(where, found.extend, lambda: self._run(job, group, found), self._fail)

    def _run(self, job: _ReaskJob, group: ReaskGroup, found: Sequence[QgsFeature]) -> None:
        job.step = asked = step(job.layer, group, job.wish, found)
        try:
            job.running = running = AlgorithmTask(asked.algorithm, dict(asked.parameters), context_of(self._project))
        except RsgptError as error:
            self._end(str(error), False)
            return
        running.task.progressChanged.connect(lambda percent: self._progress(job, percent))
        description = translate("Rsgpt", "RSGPT asks again about {layer}").format(layer=job.layer.name())
        running.start(description, lambda results: self._ran(job, running, results))

    def _progress(self, job: _ReaskJob, percent: float) -> None:
        if job is self._job:
            self.progressed.emit((100.0 * job.number + percent) / len(job.groups))

    def _ran(self, job: _ReaskJob, running: AlgorithmTask, results: dict[str, Any]) -> None:
        if running.was_cancelled:
            self.stop()
            return
        job.running = None
        output = running.output(results)
        if output is None:
            self._end(running.feedback.why(), False)
            return
        found = list[QgsFeature]()
        fill = partial(self._fill, job)
        self._slices.start(output.getFeatures(), found.extend, lambda: fill(ReaskOutput(output, found)), self._fail)

    def _fill(self, job: _ReaskJob, output: ReaskOutput) -> None:
        if job.step is not None:
            found = changes(job.layer, job.step, output, self._project)
            write = partial(self._write, job)
            self._slices.start(found, write, lambda: self._next(job), self._fail)

    def _write(self, job: _ReaskJob, some: list[RowChange]) -> None:
        try:
            values = {change.fid: change.values for change in some if change.values}
            write_values(job.layer, values, translate("Rsgpt", "Ask again"))
        except OutputError as error:
            self._end(str(error), False)
            return
        job.written += len(values)
        job.problem = job.problem or next((change.problem for change in some if change.problem), "")

    def _next(self, job: _ReaskJob) -> None:
        if job is not self._job:
            return
        job.number += 1
        if job.number < len(job.groups):
            self._prepare(job)
            return
        asked = sum(len(group.fids) for group in job.groups)
        if job.written == asked:
            self._end(translate("Rsgpt", "Asked again. Rows: {asked}.").format(asked=asked), True)
        else:
            kept = translate("Rsgpt", "{kept} of {asked} rows keep what they had ({problem}).")
            self._end(kept.format(kept=asked - job.written, asked=asked, problem=job.problem or "?"), job.written > 0)

    def _fail(self, sentence: str) -> None:
        self._end(sentence, False)

    def _end(self, sentence: str, well: bool) -> None:
        job, self._job = self._job, None
        self._slices.stop()
        if job is not None:
            job.layer.willBeDeleted.disconnect(self.stop)
            (self.ended if well else self.failed).emit(sentence)
