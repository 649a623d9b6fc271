"""Runs `rsgpt:describeraster` for a click as a task, and adds its row to the results layer. Draws nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Optional

from qgis.core import (
    QgsApplication,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingUtils,
    QgsProject,
    QgsTask,
)
from qgis.PyQt.QtCore import QCoreApplication, QObject, pyqtSignal

from ..core.questions import Question
from ..errors import OutputError
from .least_confidence import least_confidence
from .place import Place
from .results_layer import ResultsLayer, reasons

translate = QCoreApplication.translate

_ALGORITHM = "rsgpt:describeraster"
_PATIENCE_MS = 3000


class _Feedback(QgsProcessingFeedback):
    """Keeps the sentences of what went wrong."""

    def __init__(self) -> None:
        super().__init__(False)
        self.errors: list[str] = []

    def reportError(self, error: str, fatalError: bool = False) -> None:  # noqa: N803 - QGIS's name
        """Keep `error`."""
        self.errors.append(error)


@dataclass(eq=False)
class _Click:
    """One run and what has to live as long as it does."""

    question: Optional[Question]
    context: QgsProcessingContext
    feedback: _Feedback = field(default_factory=_Feedback)
    task: Optional[QgsProcessingAlgRunnerTask] = None


class AskingService(QObject):
    """Runs of clicks. Every signal comes on the main thread, one for each started run."""

    answered = pyqtSignal(str)
    failed = pyqtSignal(str)
    stopped = pyqtSignal()

    def __init__(self, project: QgsProject) -> None:
        super().__init__()
        self._project = project
        self._results = ResultsLayer(project)
        self._clicks: list[_Click] = []

    def ask(self, place: Place, question: Optional[Question] = None, detailed: bool = False) -> None:
        """Describe `place`, or ask `question` about it, in a task that the task manager shows and can cancel."""
        context = QgsProcessingContext()
        context.setProject(self._project)
        click = _Click(question, context)
        algorithm = QgsApplication.processingRegistry().createAlgorithmById(_ALGORITHM)
        parameters = {**place.parameters(question, detailed), "LEAST_CONFIDENCE": least_confidence()}
        task = QgsProcessingAlgRunnerTask(algorithm, parameters, context, click.feedback)
        task.setDescription(translate("Rsgpt", "RSGPT looks at {layer}").format(layer=place.layer_name))
        if click.feedback.errors or task.isCanceled():
            self.failed.emit(_sentence(click.feedback))
            return
        click.task = task
        self._clicks.append(click)
        task.executed.connect(lambda successful, results: self._finish(click, successful, results))
        task.taskTerminated.connect(lambda: self._finish(click, False, {}))
        QgsApplication.taskManager().addTask(task)

    def close(self) -> None:
        """Cancel what runs and wait a moment for it."""
        clicks, self._clicks = self._clicks, []
        for click in clicks:
            if click.task is not None:
                click.feedback.cancel()
                click.task.cancel()
                click.task.waitForFinished(_PATIENCE_MS)

    def _finish(self, click: _Click, successful: bool, results: dict[str, Any]) -> None:
        if click not in self._clicks:
            return
        self._clicks.remove(click)
        if click.feedback.isCanceled() or _was_cancelled(click.task):
            self.stopped.emit()
        elif not successful:
            self.failed.emit(_sentence(click.feedback))
        else:
            self._keep(click, results)

    def _keep(self, click: _Click, results: dict[str, Any]) -> None:
        layer = QgsProcessingUtils.mapLayerFromString(results["OUTPUT"], click.context)
        features = list(layer.getFeatures()) if layer is not None else []
        try:
            answers = [self._results.add(feature, layer.crs(), click.question) for feature in features]
        except OutputError as error:
            self.failed.emit(str(error))
            return
        told = "\n".join(answer for answer in answers if answer)
        if told:
            self.answered.emit(told)
        else:
            sentence = translate("Rsgpt", "There is no answer for this place: {reason}.")
            unknown = translate("Rsgpt", "the model gave none")
            self.failed.emit(sentence.format(reason=reasons(features).rstrip(".") or unknown))


def _was_cancelled(task: Optional[QgsTask]) -> bool:
    return task is not None and task.isCanceled()


def _sentence(feedback: _Feedback) -> str:
    unknown = translate("Rsgpt", "The run ended without a reason. See the message log under Processing.")
    return feedback.errors[0] if feedback.errors else unknown
