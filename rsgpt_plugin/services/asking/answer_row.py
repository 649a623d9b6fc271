"""A message of a conversation as a row of `rsgpt:describeraster`. Adds it to no layer."""

from __future__ import annotations

from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsGeometry, QgsProject

from ...core.conversation_history import CapturedView, ConversationMessage
from ...core.paths import plugin_version
from ...geo.results.schema import attributes, output_fields
from ...shared.answers.questions import Question
from ...shared.answers.typed_answers import RawAnswer, TypedAnswer, read_answer
from ...shared.results.columns import CAPTION
from ...shared.results.rows import Cell, RowValues, Status
from ..results.results_layer import ResultsLayer
from .scene import extent_of


def add_to_results(project: QgsProject, sight: CapturedView, message: ConversationMessage) -> None:
    """Add an answer to the layer “RSGPT answers”. Main thread only; OutputError where that fails."""
    crs = QgsCoordinateReferenceSystem.fromWkt(sight.crs_wkt)
    ResultsLayer(project).add(_row(sight, message), crs, message.question)


def _row(sight: CapturedView, message: ConversationMessage) -> QgsFeature:
    questions = [message.question] if message.question else []
    feature = QgsFeature(output_fields(questions))
    feature.setGeometry(QgsGeometry.fromRect(extent_of(sight)))
    feature.setAttributes(attributes(questions, _values(sight, message)))
    return feature


def _values(sight: CapturedView, message: ConversationMessage) -> RowValues:
    provenance: dict[str, Cell] = {
        "model": message.model,
        "weights_sha256": message.weights_sha256,
        "model_fingerprint": message.fingerprint,
        "prompt": message.line or message.text,
        "image_sha256": sight.image_sha256,
        "bands": sight.bands,
        "stretch": sight.stretch,
        "asked_at": message.asked_at,
        "plugin_version": plugin_version(),
        **({"gsd_m": sight.gsd_m} if sight.gsd_m else {}),
    }
    question = message.question or Question(CAPTION, message.text)
    answer = _typed(question, message)
    status = Status.UNSURE if answer.value is None else Status.PARTIAL if message.problem else Status.ANSWERED
    if message.question is None:
        return RowValues(status, message.problem, answer, {}, provenance)
    return RowValues(status, message.problem, None, {question.name: answer}, provenance)


def _typed(question: Question, message: ConversationMessage) -> TypedAnswer:
    if not message.answer:
        return TypedAnswer(None, message.confidence, message.problem)
    return read_answer(question, RawAnswer(message.answer, message.confidence))
