"""One algorithm as a task of QGIS's, and all that has to live as long as it does. Knows no click and no table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from qgis.core import (
    QgsApplication,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingUtils,
    QgsProject,
    QgsTask,
    QgsVectorLayer,
)

from ...errors import RsgptError
from ...processing.error_feedback import ErrorFeedback

Ended = Callable[[dict[str, Any]], None]

_PATIENCE_MS = 3000
# Whoever starts a run tells of its end: QGIS's own notice of it would cover that.
_FLAGS = QgsTask.Flag.CanCancel | QgsTask.Flag.Silent


def context_of(project: QgsProject) -> QgsProcessingContext:
    """What Processing needs to know of the project."""
    context = QgsProcessingContext()
    context.setProject(project)
    return context


class AlgorithmTask:
    """A run that the task manager shows and can cancel. It belongs to the main thread."""

    def __init__(
        self,
        algorithm: str,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: Optional[ErrorFeedback] = None,
    ) -> None:
        """Raises RsgptError, with the algorithm's own words, where it cannot begin."""
        made = QgsApplication.processingRegistry().createAlgorithmById(algorithm)
        fine, sentence = made.checkParameterValues(parameters, context)
        if not fine:
            raise RsgptError(sentence)
        self.name = str(made.displayName())
        self.context = context
        self.feedback = feedback or ErrorFeedback()
        self._parameters = parameters  # a layer among them may be nobody else's
        self.task = QgsProcessingAlgRunnerTask(made, parameters, context, self.feedback, _FLAGS)
        if self.feedback.errors or self.task.isCanceled():
            raise RsgptError(self.feedback.why())
        self._ended: Optional[Ended] = None

    @property
    def was_cancelled(self) -> bool:
        """Whether somebody stopped it, here or in the task manager; to be asked until it has ended."""
        return bool(self.feedback.isCanceled() or self.task.isCanceled())

    def start(self, description: str, ended: Ended) -> None:
        """Hand it to the task manager. ended: called once, with the results, empty where there are none."""
        self._ended = ended
        self.task.setDescription(description)
        self.task.executed.connect(lambda successful, results: self._end(results if successful else {}))
        self.task.taskTerminated.connect(lambda: self._end({}))
        QgsApplication.taskManager().addTask(self.task)

    def output(self, results: dict[str, Any]) -> Optional[QgsVectorLayer]:
        """The layer of the rows, which lives as long as the context."""
        return QgsProcessingUtils.mapLayerFromString(results["OUTPUT"], self.context) if results else None

    def drop(self) -> None:
        """Cancel it, and hear nothing of it any more."""
        self._ended = None
        self.feedback.cancel()
        self.task.cancel()

    def wait(self) -> None:
        """Wait a moment for the end of one that was dropped."""
        self.task.waitForFinished(_PATIENCE_MS)

    def _end(self, results: dict[str, Any]) -> None:
        ended, self._ended = self._ended, None
        if ended is not None:
            ended(results)
