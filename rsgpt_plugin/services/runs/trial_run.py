"""A trial of a run: its answers about a few places, before it is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from qgis.core import (
    QgsApplication,
    QgsFeature,
    QgsFeatureStore,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProject,
)
from qgis.PyQt.QtCore import QCoreApplication

from ...client.answer_source import open_memory
from ...errors import Cancelled, RsgptError
from ...geo.imagery.picture import Picture
from ...geo.results.display_values import Kind, display_text
from ...geo.results.layer_rows import null_to_none
from ...processing.algorithm_base import DescribeAlgorithm
from ...processing.run import CaptureTarget, DescribeRun, RunCounts
from ...shared.answers.questions import Question
from ...shared.results.columns import CAPTION, CONFIDENCE, answer_columns
from ..background_task import BackgroundTask

translate = QCoreApplication.translate

MOST_PLACES = 3


@dataclass(frozen=True)
class TrialRow:
    """What a run would write about one place.

    png: the picture, b"" if it could not be taken. answers: one text per question, with its confidence. reason: as in
    the column.
    """

    png: bytes
    answers: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Trial:
    """The first answers of a run. names: of the columns, the caption first."""

    names: tuple[str, ...]
    rows: tuple[TrialRow, ...]


def trial_run(algorithm: str, parameters: Mapping[str, Any], project: QgsProject) -> BackgroundTask:
    """Return a task whose result is a Trial of up to MOST_PLACES places. The run finds its answers in the cache.

    algorithm: id of an algorithm that describes places. Call it on the main thread. Raises RsgptError if the run could
    not start.
    """
    instance: DescribeAlgorithm = QgsApplication.processingRegistry().createAlgorithmById(algorithm)
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback(False)
    context.setProject(project)
    values = {**parameters, "OUTPUT": QgsProcessing.TEMPORARY_OUTPUT}
    is_valid, message = instance.checkParameterValues(values, context)
    if not is_valid:
        raise RsgptError(message)
    try:
        instance.prepareAlgorithm(values, context, feedback)
    except QgsProcessingException as error:
        raise RsgptError(str(error)) from error

    def work(task: BackgroundTask) -> Trial:
        try:
            return _tried(instance, context, feedback, task)
        finally:
            instance.prepared().snapshot.leave_thread()

    task = BackgroundTask(translate("Rsgpt", "RSGPT: trying the questions"), work)
    task.feedback.canceled.connect(feedback.cancel)
    return task


def _tried(
    algorithm: DescribeAlgorithm, context: QgsProcessingContext, feedback: QgsProcessingFeedback, task: BackgroundTask
) -> Trial:
    questions = algorithm.questions()
    rows, pngs = QgsFeatureStore(algorithm.fields(), algorithm.prepared().snapshot.crs), _TakenPictures()
    places = [pngs.kept(place) for place in algorithm.sampled(MOST_PLACES, context, feedback)]

    def report(counts: RunCounts) -> None:
        progress = translate("Rsgpt", "{done} of {total}")
        task.say(progress.format(done=counts.done, total=counts.tiles))

    with open_memory() as memory:
        DescribeRun(questions, memory, lambda: rows, feedback, report).run(places, len(places))
    if feedback.isCanceled():
        raise Cancelled(translate("Rsgpt", "Stopped."))
    described = [
        TrialRow(png, tuple(_text(feature, question) for question in questions.asked), _reason(feature))
        for png, feature in zip(pngs.taken, rows.features())
    ]
    return Trial(tuple(question.name for question in questions.asked), tuple(described))


class _TakenPictures:
    """Keeps the pictures that a run takes, in the order of its places."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []

    def kept(self, place: CaptureTarget) -> CaptureTarget:
        """Return the place with a capture that is kept here."""
        index = len(self.taken)
        self.taken.append(b"")

        def capture() -> Picture:
            picture = place.picture()
            self.taken[index] = picture.png
            return picture

        return replace(place, picture=capture)


def _text(feature: QgsFeature, question: Question) -> str:
    name, confidence = (CAPTION, CONFIDENCE) if question.name == CAPTION else answer_columns(question.name)
    answer, sure = display_text(null_to_none(feature[name]), Kind.TEXT), null_to_none(feature[confidence])
    return f"{answer} ({display_text(sure, Kind.CONFIDENCE)})" if answer and sure is not None else answer


def _reason(feature: QgsFeature) -> str:
    return str(null_to_none(feature["reason"]) or "")
