"""Adds a message of a conversation to the results layer, as a row of `rsgpt:describeraster`."""

from __future__ import annotations

from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsGeometry, QgsProject

from ...core.conversation_history import CapturedView, ConversationMessage
from ...core.paths import plugin_version
from ...geo.results.schema import attributes, output_fields
from ...shared.answers.answered_by import answered_by_text
from ...shared.answers.questions import Question
from ...shared.answers.typed_answers import RawAnswer, TypedAnswer, read_answer
from ...shared.results.columns import ANSWERED_BY, CAPTION
from ...shared.results.rows import Cell, RowValues, Status
from ..results.results_layer import ResultsLayer
from .scene import extent_of


def add_to_results(project: QgsProject, view: CapturedView, message: ConversationMessage) -> str:
    """Add the answer of `message` about `view` to the layer “RSGPT answers”. Call it on the main thread.

    Return why the answer is in memory only or in a file elsewhere, or "". Raises OutputError if the layer does not
    accept the row.
    """
    crs = QgsCoordinateReferenceSystem.fromWkt(view.crs_wkt)
    results = ResultsLayer(project)
    results.add(_row(view, message), crs, message.question)
    return results.problem


def _row(view: CapturedView, message: ConversationMessage) -> QgsFeature:
    questions = [message.question] if message.question else []
    feature = QgsFeature(output_fields(questions))
    feature.setGeometry(QgsGeometry.fromRect(extent_of(view)))
    feature.setAttributes(attributes(questions, _values(view, message)))
    return feature


def _values(view: CapturedView, message: ConversationMessage) -> RowValues:
    question = message.question or Question(CAPTION, message.text)
    answer = _typed(question, message)
    provenance: dict[str, Cell] = {
        "model": message.model,
        "weights_sha256": message.weights_sha256,
        "model_fingerprint": message.fingerprint,
        ANSWERED_BY: answered_by_text({question.name: message.answered_by}) or None,
        "prompt": message.line or message.text,
        "image_sha256": view.image_sha256,
        "bands": view.bands,
        "stretch": view.stretch,
        "asked_at": message.asked_at,
        "plugin_version": plugin_version(),
        **({"gsd_m": view.gsd_m} if view.gsd_m else {}),
    }
    status = Status.UNSURE if answer.value is None else Status.PARTIAL if message.problem else Status.ANSWERED
    reason = "; ".join(filter(None, (message.problem, message.doubt)))
    if message.question is None:
        return RowValues(status, reason, answer, {}, provenance)
    return RowValues(status, reason, None, {question.name: answer}, provenance)


def _typed(question: Question, message: ConversationMessage) -> TypedAnswer:
    if not message.answer:
        return TypedAnswer(None, message.confidence, message.problem)
    return read_answer(question, RawAnswer(message.answer, message.confidence))
