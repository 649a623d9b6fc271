"""Runs an algorithm for a click as a task, and adds its rows to the results layer. Draws nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional, Union

from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsProject
from qgis.PyQt.QtCore import QCoreApplication, QObject, pyqtSignal

from ...client.preferences import load
from ...errors import OutputError, RsgptError
from ...processing.parameters import PROMPT, preferred
from ...shared.answers.questions import Question
from ..results.results_layer import ResultsLayer, reasons
from ..runs.algorithm_task import AlgorithmTask, context_of
from .feature_selection import FeatureSelection
from .place import Place

translate = QCoreApplication.translate

_MOST_TOLD = 5

Asked = Union[Place, FeatureSelection]


@dataclass(frozen=True)
class ShownAnswers:
    """Where answers lie, for a map that shows it. Geometries are in `crs`."""

    geometries: tuple[QgsGeometry, ...]
    crs: QgsCoordinateReferenceSystem


@dataclass(eq=False)
class _Click:
    """One run, and what it was asked."""

    question: Optional[Question]
    running: AlgorithmTask


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
        parameters = {**preferred(load()), **place.parameters(question, detailed)}
        if detailed:
            parameters[PROMPT.name] = ""  # the user's prompt is for the usual caption
        try:
            click = _Click(question, AlgorithmTask(place.algorithm, parameters, context_of(self._project)))
        except RsgptError as error:
            self.failed.emit(str(error))
            return
        self._clicks.append(click)
        description = translate("Rsgpt", "RSGPT looks at {layer}").format(layer=place.layer_name)
        click.running.start(description, lambda results: self._finish(click, results))

    def close(self) -> None:
        """Cancel what runs and wait a moment for it."""
        clicks, self._clicks = self._clicks, []
        for click in clicks:
            click.running.drop()
        for click in clicks:
            click.running.wait()

    def _finish(self, click: _Click, results: dict[str, Any]) -> None:
        self._clicks.remove(click)
        if click.running.was_cancelled:
            self.stopped.emit()
        elif not results:
            self.failed.emit(click.running.feedback.why())
        else:
            self._keep(click, results)

    def _keep(self, click: _Click, results: dict[str, Any]) -> None:
        layer = click.running.output(results)
        if layer is None:
            self.failed.emit(click.running.feedback.why())
            return
        features = list(layer.getFeatures())
        try:
            answers = [self._results.add(feature, layer.crs(), click.question) for feature in features]
        except OutputError as error:
            self.failed.emit(str(error))
            return
        told = [answer for answer in answers if answer]
        if told:
            self.answered.emit(
                _told(told), ShownAnswers(tuple(feature.geometry() for feature in features), layer.crs())
            )
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
