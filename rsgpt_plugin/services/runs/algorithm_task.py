"""A QGIS task that runs one algorithm, together with the objects that must live as long as the task."""

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

_WAIT_MS = 3000
# Silent: the plugin reports the end of a run itself, and QGIS's notification would cover that message.
_FLAGS = QgsTask.Flag.CanCancel | QgsTask.Flag.Silent


def project_context(project: QgsProject) -> QgsProcessingContext:
    context = QgsProcessingContext()
    context.setProject(project)
    return context


class AlgorithmTask:
    """A run that the task manager shows and can cancel. It must be used on the main thread."""

    def __init__(
        self,
        algorithm: str,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: Optional[ErrorFeedback] = None,
    ) -> None:
        """Raises RsgptError, with the message of the algorithm, if the run cannot start."""
        instance = QgsApplication.processingRegistry().createAlgorithmById(algorithm)
        is_valid, message = instance.checkParameterValues(parameters, context)
        if not is_valid:
            raise RsgptError(message)
        self.name = str(instance.displayName())
        self.context = context
        self.feedback = feedback or ErrorFeedback()
        self._parameters = parameters  # keeps layers alive that only the parameters refer to
        self.task = QgsProcessingAlgRunnerTask(instance, parameters, context, self.feedback, _FLAGS)
        if self.feedback.errors or self.task.isCanceled():
            raise RsgptError(self.feedback.first_error())
        self._ended: Optional[Ended] = None

    @property
    def was_cancelled(self) -> bool:
        """Whether the run was cancelled, here or in the task manager. Valid until the task has ended."""
        return bool(self.feedback.isCanceled() or self.task.isCanceled())

    def start(self, description: str, ended: Ended) -> None:
        """Start the task. ended: called once with the results, which are empty if the run failed."""
        self._ended = ended
        self.task.setDescription(description)
        self.task.executed.connect(lambda successful, results: self._end(results if successful else {}))
        self.task.taskTerminated.connect(lambda: self._end({}))
        QgsApplication.taskManager().addTask(self.task)

    def output(self, results: dict[str, Any]) -> Optional[QgsVectorLayer]:
        """Return the output layer, which lives as long as the context, or None if there are no results."""
        return QgsProcessingUtils.mapLayerFromString(results["OUTPUT"], self.context) if results else None

    def drop(self) -> None:
        """Cancel the task without calling `ended`."""
        self._ended = None
        self.feedback.cancel()
        self.task.cancel()

    def wait(self) -> None:
        """Wait up to 3 seconds for the end of a dropped task."""
        self.task.waitForFinished(_WAIT_MS)

    def _end(self, results: dict[str, Any]) -> None:
        ended, self._ended = self._ended, None
        if ended is not None:
            ended(results)
