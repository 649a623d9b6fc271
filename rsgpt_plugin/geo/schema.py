"""The columns of a result and the values of a row. Knows no layer, no sink and no model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from qgis.core import Qgis, QgsField, QgsFields
from qgis.PyQt.QtCore import QDateTime, QMetaType, QVariant

from ..shared.answers import TypedAnswer, Value
from ..shared.questions import AnswerType, Question, columns

# QgsField takes Qt's meta types from QGIS 3.38; before, it takes QVariant's.
_KINDS = QMetaType.Type if Qgis.versionInt() >= 33800 else QVariant
_OLD_NAMES = {"QString": "String", "QDateTime": "DateTime"}

_ANSWER_KINDS = {
    AnswerType.TEXT: "QString",
    AnswerType.CHOICE: "QString",
    AnswerType.YESNO: "Bool",
    AnswerType.INTEGER: "Int",
}
_PROVENANCE = {
    "status": "QString",
    "reason": "QString",
    "model": "QString",
    "weights_sha256": "QString",
    "prompt": "QString",
    "image_sha256": "QString",
    "gsd_m": "Double",
    "bands": "QString",
    "stretch": "QString",
    "asked_at": "QDateTime",
    "plugin_version": "QString",
}


class Status(Enum):
    """What became of a tile. PARTIAL: some of its columns have an answer, `reason` says why not the others.

    UNSURE: none has, as the model was less sure than the user wants.
    """

    ANSWERED = "answered"
    PARTIAL = "partial"
    UNSURE = "unsure"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True)
class RowValues:
    """The values of one result row.

    caption: None where no caption was asked for. answers: by question name. provenance: by column name,
    without status and reason; asked_at as ISO 8601 UTC text.
    """

    status: Status
    reason: str = ""
    caption: TypedAnswer | None = None
    answers: Mapping[str, TypedAnswer] = field(default_factory=dict)
    provenance: Mapping[str, str | float] = field(default_factory=dict)


def output_fields(questions: Sequence[Question]) -> QgsFields:
    """The columns of a result: caption, one column a question and its confidence, then provenance."""
    fields = QgsFields()
    _append(fields, "caption", "QString")
    _append(fields, "confidence", "Double")
    for question in questions:
        name, confidence = columns(question.name)
        _append(fields, name, _ANSWER_KINDS[question.type])
        _append(fields, confidence, "Double")
    for name, kind in _PROVENANCE.items():
        _append(fields, name, kind)
    return fields


def attributes(questions: Sequence[Question], row: RowValues) -> list[Value | float | QDateTime | None]:
    """The row's values in the order of `output_fields`.

    `confidence` is the caption's, or, where none was asked for, the lowest of the answers'.
    """
    values: list[Value | float | QDateTime | None] = [
        row.caption.value if row.caption else None,
        row.caption.confidence if row.caption else _lowest(row.answers),
    ]
    for question in questions:
        answer = row.answers.get(question.name, TypedAnswer(None))
        values += [answer.value, answer.confidence]
    known = {"status": row.status.value, "reason": row.reason or None, **row.provenance}
    values += [_when(known.get(name)) if name == "asked_at" else known.get(name) for name in _PROVENANCE]
    return values


def is_yes_or_no(field: QgsField) -> bool:
    """Whether a column holds yes or no. A Shapefile makes a whole number of one digit of it."""
    return bool(field.type() == _KINDS.Bool or (field.type() == _KINDS.Int and field.length() == 1))


def _lowest(answers: Mapping[str, TypedAnswer]) -> float | None:
    return min((a.confidence for a in answers.values() if a.confidence is not None), default=None)


def _when(moment: object) -> QDateTime | None:
    if not isinstance(moment, str) or not moment:
        return None
    milliseconds = round(datetime.fromisoformat(moment).timestamp() * 1000)
    return QDateTime.fromMSecsSinceEpoch(milliseconds).toUTC()


def _append(fields: QgsFields, name: str, kind: str) -> None:
    old = _KINDS is QVariant
    fields.append(QgsField(name, getattr(_KINDS, _OLD_NAMES.get(kind, kind) if old else kind)))
