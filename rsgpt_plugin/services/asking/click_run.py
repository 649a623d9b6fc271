"""Runs an algorithm for a click on the map as a task, and adds its rows to the results layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsGeometry, QgsProject
from qgis.PyQt.QtCore import QCoreApplication, QObject, pyqtSignal

from ...client.preferences import load
from ...errors import OutputError, RsgptError
from ...geo.results.layer_rows import null_to_none
from ...processing.parameters import PROMPT, preferred_parameters
from ...shared.answers.questions import Question
from ...shared.results.columns import CONFIDENCE, answer_columns
from ...shared.text import sentence
from ..results.results_layer import ResultsLayer, answer_texts, reasons
from ..runs.algorithm_task import AlgorithmTask, project_context
from .click_history import MOST_SHOWN, AskTarget, record_answers

translate = QCoreApplication.translate


@dataclass(frozen=True)
class ShownAnswers:
    """The areas of answers, to be outlined on the map. The geometries are in `crs`.

    message: question, answers with their confidence, and why they are doubtful.
    """

    geometries: tuple[QgsGeometry, ...]
    crs: QgsCoordinateReferenceSystem
    message: str = ""


@dataclass(eq=False)
class _Click:
    """One run about a target, and its question, None for a description.

    project_file: of the project in which it was started, "" if that was not saved. is_cleared: whether the project was
    closed, or read again, since then.
    """

    target: AskTarget
    question: Optional[Question]
    running: AlgorithmTask
    project_file: str
    is_cleared: bool = False


class AskingService(QObject):
    """Starts runs for clicks. Each run ends with one signal, on the main thread.

    answered: the answers as text, and a ShownAnswers. failed: a message. Before `answered`, `unsaved` is emitted with a
    message if the answers are in memory only, or not in the layer.
    """

    answered = pyqtSignal(str, object)
    failed = pyqtSignal(str)
    unsaved = pyqtSignal(str)
    stopped = pyqtSignal()

    def __init__(self, project: QgsProject) -> None:
        super().__init__()
        self._project = project
        self._results = ResultsLayer(project)
        self._clicks: list[_Click] = []
        project.cleared.connect(self._mark_cleared)

    def ask(self, place: AskTarget, question: Optional[Question] = None, detailed: bool = False) -> None:
        """Describe `place`, or ask `question` about it, in a task that the task manager lists."""
        parameters = {**preferred_parameters(load()), **place.parameters(question, detailed)}
        if detailed:
            parameters[PROMPT.name] = ""  # the user's prompt is for short captions only
        try:
            running = AlgorithmTask(place.algorithm, parameters, project_context(self._project))
        except RsgptError as error:
            self.failed.emit(str(error))
            return
        click = _Click(place, question, running, self._project.fileName())
        self._clicks.append(click)
        description = translate("Rsgpt", "RSGPT: processing {layer}").format(layer=place.layer_name)
        click.running.start(description, lambda results: self._finish(click, results))

    def close(self) -> None:
        """Cancel all runs and wait a moment for their end."""
        clicks, self._clicks = self._clicks, []
        for click in clicks:
            click.running.drop()
        for click in clicks:
            click.running.wait()

    def _mark_cleared(self) -> None:
        for click in self._clicks:
            click.is_cleared = True

    def _is_of_project(self, click: _Click) -> bool:
        """Return whether the project is still the one of the click. Its name may have changed with “Save as”."""
        return not click.is_cleared or (click.project_file != "" and click.project_file == self._project.fileName())

    def _finish(self, click: _Click, results: dict[str, Any]) -> None:
        self._clicks.remove(click)
        if click.running.was_cancelled:
            self.stopped.emit()
        elif not results:
            self.failed.emit(click.running.feedback.first_error())
        else:
            self._add_answers(click, results)

    def _record(self, click: _Click, features: Sequence[QgsFeature], crs: QgsCoordinateReferenceSystem) -> None:
        task = record_answers(click.target, features, crs, click.question)
        task.failed.connect(lambda message, details: self.unsaved.emit(message))
        task.start()

    def _keep(self, click: _Click, features: Sequence[QgsFeature], crs: QgsCoordinateReferenceSystem) -> None:
        """Add the rows to the layer of the click's project. If that is not possible, `unsaved` says why."""
        if self._is_of_project(click):
            try:
                self._results.add_all(features, crs, click.question)
                problem = self._results.problem
            except OutputError as error:
                problem = str(error)
        else:
            problem = translate(
                "Rsgpt",
                "The project was closed before the model had answered. The answer is not in the layer “RSGPT answers”, "
                "only in the history of the RSGPT panel.",
            )
        if problem:
            self.unsaved.emit(problem)

    def _add_answers(self, click: _Click, results: dict[str, Any]) -> None:
        layer = click.running.output(results)
        if layer is None:
            self.failed.emit(click.running.feedback.first_error())
            return
        features = list(layer.getFeatures())
        self._record(click, features, layer.crs())
        self._keep(click, features, layer.crs())
        answers = answer_texts(features, click.question)
        texts = [answer for answer in answers if answer]
        if texts:
            geometries = tuple(feature.geometry() for feature in features)
            areas = ShownAnswers(geometries, layer.crs(), _message(click.question, features, answers))
            self.answered.emit(_shortened(texts), areas)
        else:
            message = translate("Rsgpt", "There is no answer for this area: {reason}.")
            unknown = translate("Rsgpt", "the model gave no answer")
            self.failed.emit(message.format(reason=reasons(features).rstrip(".") or unknown))


def _message(question: Optional[Question], features: Sequence[QgsFeature], answers: Sequence[str]) -> str:
    """Return the question, the answers with their confidence, and why they are doubtful."""
    name = answer_columns(question.name)[1] if question else CONFIDENCE
    lines = []
    for feature, answer in zip(features, answers):
        confidence = null_to_none(feature[name])
        sure = (
            "" if confidence is None else translate("Rsgpt", "{percent} % sure").format(percent=round(100 * confidence))
        )
        lines += [f"{answer} ({sure})" if sure else answer] if answer else []
    doubts = sentence(reasons([feature for feature, answer in zip(features, answers) if answer]))
    return "\n".join(filter(None, [question.text if question else "", _shortened(lines), doubts]))


def _shortened(answers: Sequence[str]) -> str:
    """Return the first answers, one per line, and the number of the others."""
    lines = list(answers[:MOST_SHOWN])
    if len(answers) > MOST_SHOWN:
        more = translate("Rsgpt", "… and {count} more in the layer “RSGPT answers”.")
        lines.append(more.format(count=len(answers) - MOST_SHOWN))
    return "\n".join(lines)
