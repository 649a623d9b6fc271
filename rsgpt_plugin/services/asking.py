"""Runs an algorithm for a click as a task, and adds its rows to the results layer. Draws nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Optional, Union

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsGeometry,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingUtils,
    QgsProject,
    QgsTask,
)
from qgis.PyQt.QtCore import QCoreApplication, QObject, pyqtSignal

from ..client.preferences import load
from ..core.questions import Question
from ..errors import OutputError
from ..processing.sentences import Sentences
from .place import Place
from .polygons import Features
from .results_layer import ResultsLayer, reasons

translate = QCoreApplication.translate

_PATIENCE_MS = 3000
_MOST_TOLD = 5
# The answer is told in the message bar: QGIS's own notice of the task's end would cover it.
_FLAGS = QgsTask.Flag.CanCancel | QgsTask.Flag.Silent

Asked = Union[Place, Features]


@dataclass(frozen=True)
class Shown:
    """Where answers lie, for a map that shows it. Geometries are in `crs`."""

    geometries: tuple[QgsGeometry, ...]
    crs: QgsCoordinateReferenceSystem


@dataclass(eq=False)
class _Click:
    """One run and what has to live as long as it does."""

    place: Asked
    question: Optional[Question]
    context: QgsProcessingContext
    feedback: Sentences = field(default_factory=Sentences)
    task: Optional[QgsProcessingAlgRunnerTask] = None


class AskingService(QObject):
    """Runs of clicks. Every signal comes on the main thread, one for each started run.

    answered: the answer, and where it is Shown.
    """

    answered = pyqtSignal(str, object)
    failed = pyqtSignal(str)
    stopped = pyqtSignal()

    def __init__(self, project: QgsProject) -> None:
        super().__init__()
        self._project = project
        self._results = ResultsLayer(project)
        self._clicks: list[_Click] = []

    def ask(self, place: Asked, question: Optional[Question] = None, detailed: bool = False) -> None:
        """Describe `place`, or ask `question` about it, in a task that the task manager shows and can cancel."""
        context = QgsProcessingContext()
        context.setProject(self._project)
        click = _Click(place, question, context)
        algorithm = QgsApplication.processingRegistry().createAlgorithmById(place.algorithm)
        chosen = load()
        parameters = {**place.parameters(question, detailed), "LEAST_CONFIDENCE": chosen.least_confidence}
        if question is None and not detailed:
            parameters["PROMPT"] = chosen.prompt
        task = QgsProcessingAlgRunnerTask(algorithm, parameters, context, click.feedback, _FLAGS)
        task.setDescription(translate("Rsgpt", "RSGPT looks at {layer}").format(layer=place.layer_name))
        if click.feedback.errors or task.isCanceled():
            self.failed.emit(click.feedback.why())
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
            self.failed.emit(click.feedback.why())
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
        told = [answer for answer in answers if answer]
        if told:
            self.answered.emit(_told(told), Shown(tuple(feature.geometry() for feature in features), layer.crs()))
        else:
            sentence = translate("Rsgpt", "There is no answer for this area: {reason}.")
            unknown = translate("Rsgpt", "the model gave none")
            self.failed.emit(sentence.format(reason=reasons(features).rstrip(".") or unknown))


def _told(answers: Sequence[str]) -> str:
    """The answers, the first few where there are many."""
    lines = list(answers[:_MOST_TOLD])
    if len(answers) > _MOST_TOLD:
        more = translate("Rsgpt", "… and {count} more in the layer “RSGPT answers”.")
        lines.append(more.format(count=len(answers) - _MOST_TOLD))
    return "\n".join(lines)


def _was_cancelled(task: Optional[QgsTask]) -> bool:
    return task is not None and task.isCanceled()
