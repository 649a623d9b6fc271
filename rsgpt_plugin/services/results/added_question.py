"""A question that is added to a results layer: its columns, the rows to ask, and the change of each row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from qgis.core import QgsFeature, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication

from ...geo.results.column_roles import result_columns
from ...geo.results.layer_rows import LayerRow, null_to_none
from ...geo.results.schema import output_fields
from ...shared.answers.answered_by import merged_text
from ...shared.answers.questions import Question
from ...shared.results.columns import ANSWERED_BY, CAPTION, CONFIDENCE, answer_columns
from ...shared.results.rows import Status
from .new_columns import add_result_columns

translate = QCoreApplication.translate

_HAS_RESULT = (Status.ANSWERED.value, Status.PARTIAL.value, Status.UNSURE.value)


class RowChange(NamedTuple):
    """The change of a row. values: new values by column, {} if the row stays as it is. problem: the reason for that."""

    fid: int
    values: dict[str, Any]
    problem: str = ""


def add_question_columns(layer: QgsVectorLayer, question: Question) -> None:
    """Add the columns of a question, also to form and map tip. Raises OutputError if the layer cannot be edited."""
    fields = output_fields([question])
    add_result_columns(layer, [fields.field(name) for name in answer_columns(question.name)])


def unasked(layer: QgsVectorLayer, rows: Sequence[LayerRow], question: Question) -> list[LayerRow]:
    """Return the rows of `layer` without an answer to this question: all of them if its column was deleted."""
    if layer.fields().lookupField(question.name) < 0:
        return list(rows)
    return [row for row in rows if question.line not in row.prompt.splitlines()]


def name_problem(layer: QgsVectorLayer, rows: Sequence[LayerRow], question: Question) -> str:
    """Return why the layer cannot get the columns of a question, "" if it can. rows: all rows of the layer.

    The columns may exist if they belong to the same question, which was not asked for all rows.
    """
    if result_columns(layer).holds_clicks:
        return translate("Rsgpt", "The rows of this layer have one question each. Choose Ask again… instead.")
    taken = {name.casefold() for name in layer.fields().names()}
    is_same = any(question.line in row.prompt.splitlines() for row in rows)
    if is_same or taken.isdisjoint(name.casefold() for name in answer_columns(question.name)):
        return ""
    sentence = translate("Rsgpt", "The layer already has a column “{name}”. Choose another name.")
    return sentence.format(name=question.name)


class AddedAnswer:
    """Adds the answer to a new question to rows; their other answers stay."""

    def __init__(self, layer: QgsVectorLayer, question: Question) -> None:
        self._known = result_columns(layer).known
        self._question = question

    def change(self, row: QgsFeature, result: QgsFeature) -> RowChange:
        """Return the change of `row`. result: the row of the output for the same place."""
        status, reason = str(result["status"]), str(null_to_none(result["reason"]) or "")
        if status not in _HAS_RESULT:
            return RowChange(row.id(), {}, reason)
        name, confidence = answer_columns(self._question.name)
        values: dict[str, Any] = {
            name: null_to_none(result[name]),
            confidence: null_to_none(result[confidence]),
            self._known["prompt"]: _extended(self._text(row, "prompt"), "\n", self._question.line),
        }
        if ANSWERED_BY in self._known:
            parts = str(null_to_none(result[ANSWERED_BY]) or "")
            values[self._known[ANSWERED_BY]] = merged_text(self._text(row, ANSWERED_BY), parts, [name]) or None
        if self._text(row, "status") != status:
            values[self._known["status"]] = Status.PARTIAL.value
        if reason and "reason" in self._known:
            values[self._known["reason"]] = _extended(self._text(row, "reason"), "; ", reason)
        if CONFIDENCE in self._known and not self._text(row, CAPTION):
            given = [null_to_none(row[self._known[CONFIDENCE]]), values[confidence]]
            values[self._known[CONFIDENCE]] = min((value for value in given if value is not None), default=None)
        return RowChange(row.id(), values)

    def _text(self, row: QgsFeature, name: str) -> str:
        return str(null_to_none(row[self._known[name]]) or "") if name in self._known else ""


def _extended(text: str, separator: str, added: str) -> str:
    """Return `text` with those parts of `added` that it lacks."""
    parts = [part for part in text.split(separator) if part]
    return separator.join(parts + [part for part in added.split(separator) if part not in parts])
