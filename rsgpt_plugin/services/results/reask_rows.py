"""The changes of rows that follow from the output of a run that asked them again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from qgis.core import (
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProject,
    QgsSpatialIndex,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

from ...errors import QuestionError
from ...geo.results.column_roles import result_columns
from ...geo.results.layer_rows import null_to_none
from ...geo.transforms import checked_transform
from ...shared.answers.answered_by import merged_text
from ...shared.answers.model_limits import limits_of
from ...shared.answers.questions import Question, parse_questions
from ...shared.results.columns import ANSWERED_BY, CAPTION, CONFIDENCE, QUESTION, trailing_columns
from ...shared.results.rows import Status
from ...unexpected import log_unexpected
from .added_question import AddedAnswer, RowChange
from .correcting.corrections import checked_columns, corrected_columns, uncheck
from .reask_request import FEATURES, ROW, ReaskStep, row_questions

translate = QCoreApplication.translate

_MAX_CENTER_DISTANCE = 0.05  # of a tile's longer side
_BATCH_SIZE = 100
_HAS_ANSWER = (Status.ANSWERED.value, Status.PARTIAL.value)


@dataclass(frozen=True)
class ReaskOutput:
    """The output layer of a run, and its features."""

    layer: QgsVectorLayer
    features: Sequence[QgsFeature]


def changes(
    layer: QgsVectorLayer, step: ReaskStep, output: ReaskOutput, project: QgsProject, added: Optional[Question] = None
) -> Iterator[RowChange]:
    """Yield the change of each row of `step`, given the output of its run.

    A row whose new run failed keeps its previous answer, and so does a column whose question the model refuses. A
    corrected value stays; the new answer of the model goes to the column of the model's answer. added: the question of
    the run if it is new in the layer.
    """
    find = _by_row_id(output) if step.algorithm == FEATURES else _by_center(layer, output, project)
    updater = _RowUpdater(layer, output.layer) if added is None else AddedAnswer(layer, added)
    for start in range(0, len(step.fids), _BATCH_SIZE):
        # Read the whole batch first: an open read cursor would lock the file while the caller writes.
        request = QgsFeatureRequest().setFilterFids(list(step.fids[start : start + _BATCH_SIZE]))
        for row in list(layer.getFeatures(request)):
            try:
                result = find(row)
                change = updater.change(row, result) if result is not None else RowChange(row.id(), {}, _no_tile())
            except Exception as error:  # an error in one row must not affect the others
                change = RowChange(row.id(), {}, log_unexpected(error))
            yield change


class _RowUpdater:
    """Maps the columns of a run's output to the columns of a layer."""

    def __init__(self, layer: QgsVectorLayer, output: QgsVectorLayer) -> None:
        self._columns = result_columns(layer)
        questions = result_columns(output).questions
        self._answers = [(CAPTION, CONFIDENCE), *((question.name, question.confidence) for question in questions)]

    def change(self, row: QgsFeature, result: QgsFeature) -> RowChange:
        """Return the change of `row`. result: the row of the output for the same place."""
        status, reason = result["status"], str(null_to_none(result["reason"]) or "")
        columns = self._columns.known
        if status not in (*_HAS_ANSWER, Status.UNSURE.value) and row[columns["status"]] in _HAS_ANSWER:
            return RowChange(row.id(), {}, reason)
        values, updated = dict[str, Any](), set[str]()
        is_unsure, refused = status == Status.UNSURE.value, _refused(result, reason)
        kept = {name for name in refused if self._has_value(row, name)}
        if kept and is_unsure and len(refused) == len(self._answers) - 1:
            return RowChange(row.id(), {}, reason)
        for name, confidence in self._answers:
            if name in kept:
                continue
            is_doubted = name != CAPTION and (is_unsure or null_to_none(result[confidence]) is not None)
            if null_to_none(result[name]) is not None or is_doubted:
                values.update(self._answer(row, name, null_to_none(result[name]), null_to_none(result[confidence])))
                updated.add(name)
        provenance = [column.name for column in trailing_columns()]
        values.update({columns[name]: null_to_none(result[name]) for name in provenance if name in columns})
        if kept and is_unsure:
            values[columns["status"]] = Status.PARTIAL.value
        if self._columns.holds_clicks:
            values[columns[QUESTION]] = _question_text(str(result["prompt"]))
        elif ANSWERED_BY in columns:
            before, now = (str(null_to_none(cell) or "") for cell in (row[columns[ANSWERED_BY]], result[ANSWERED_BY]))
            values[columns[ANSWERED_BY]] = merged_text(before, now, updated) or None
        return RowChange(row.id(), {**values, **self._unchecked(row, values)})

    def _answer(self, row: QgsFeature, name: str, value: Any, confidence: Any) -> dict[str, Any]:
        target, confidence_column = self._target(name)
        if target in corrected_columns(row):
            target = self._columns.model_of(target)
        pairs = ((target, value), (confidence_column, confidence))
        return {column: cell for column, cell in pairs if column}

    def _unchecked(self, row: QgsFeature, values: dict[str, Any]) -> dict[str, Any]:
        """Return the changes that remove the mark from answers that a person found right, and that change now."""
        changed = [name for name in checked_columns(row) if name in values and values[name] != null_to_none(row[name])]
        return uncheck(row, *changed)

    def _has_value(self, row: QgsFeature, name: str) -> bool:
        column = self._target(name)[0]
        return bool(column) and null_to_none(row[column]) is not None

    def _target(self, name: str) -> tuple[str, str]:
        """Return the columns of an answer and of its confidence; "" for a column that the layer lacks."""
        columns, answered = self._columns.known, self._columns.answered(name)
        if name == CAPTION or self._columns.holds_clicks:
            return self._columns.text or "", columns.get(CONFIDENCE, "")
        return (answered.name, answered.confidence) if answered else ("", "")


def _by_row_id(output: ReaskOutput) -> Callable[[QgsFeature], Optional[QgsFeature]]:
    results = {str(feature[ROW]): feature for feature in output.features}
    return lambda row: results.get(str(row.id()))


def _by_center(
    layer: QgsVectorLayer, output: ReaskOutput, project: QgsProject
) -> Callable[[QgsFeature], Optional[QgsFeature]]:
    """Match tiles by their centers, because the mask can select neighboring tiles, too."""
    transform = checked_transform(layer.crs(), output.layer.crs(), project.transformContext())
    tiles = {feature.id(): feature for feature in output.features}
    centers = QgsSpatialIndex()
    for fid, tile in tiles.items():
        feature = QgsFeature(fid)
        feature.setGeometry(QgsGeometry.fromPointXY(tile.geometry().boundingBox().center()))
        centers.addFeature(feature)

    def find(row: QgsFeature) -> Optional[QgsFeature]:
        place = QgsGeometry(row.geometry())
        place.transform(transform)
        center = place.boundingBox().center()
        for fid in centers.nearestNeighbor(center, 1):
            box = tiles[fid].geometry().boundingBox()
            if box.center().distance(center) <= _MAX_CENTER_DISTANCE * max(box.width(), box.height()):
                return tiles[fid]
        return None

    return find


def _refused(result: QgsFeature, reason: str) -> set[str]:
    """Return the names of the questions that the model refused. reason: why answers are missing."""
    limits = limits_of(str(null_to_none(result["model"]) or ""))
    if limits is None:
        return set()
    try:
        questions = parse_questions(row_questions(str(null_to_none(result["prompt"]) or "")).questions)
    except QuestionError:
        return set()
    refusals = {question.name: limits.refusal(question) for question in questions}
    return {name for name, refusal in refusals.items() if refusal and f"{name}: {refusal}" in reason}


def _question_text(prompt: str) -> str:
    """Return the caption's prompt, or the text of the question, from the `prompt` column."""
    questions = row_questions(prompt)
    return questions.prompt or questions.questions.partition(": ")[2]


def _no_tile() -> str:
    return translate("Rsgpt", "the raster has no tile at this location")
