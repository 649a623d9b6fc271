"""What a person reads of a results layer: its columns in reading order, and each value in words. Reads no feature."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from qgis.core import QgsField, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QDateTime, Qt

from ...shared.i18n import marked
from ...shared.results import columns as table
from ...shared.results.columns import ANSWER, CAPTION, CONFIDENCE, QUESTION
from ...shared.results.rows import Status
from .column_roles import ResultColumns, result_columns
from .schema import is_decimal, is_yes_or_no

translate = QCoreApplication.translate

# From which confidence on an answer has which name and colour: those of the layer's style on the map.
SURENESS = ((0.7, "sure", "#0067b1"), (0.4, "fair", "#f0a000"), (0.0, "unsure", "#8c0040"))


class Kind(Enum):
    """How a value is shown."""

    TEXT = "text"
    YESNO = "yesno"
    NUMBER = "number"
    DECIMAL = "decimal"
    CONFIDENCE = "confidence"
    STATUS = "status"

    @property
    def is_number(self) -> bool:
        """Whether the values are numbers, whole or not."""
        return self in (Kind.NUMBER, Kind.DECIMAL)


@dataclass(frozen=True)
class DisplayColumn:
    """One column of the table. means: the name that results give it, "" for one of the features' own.

    index: of its field. confidence, model: of the fields that say how sure it is, and what the model had said before
    a person corrected it, or -1. editable: whether it holds what the model said, which a person may correct.
    """

    name: str
    label: str
    kind: Kind
    index: int
    confidence: int = -1
    model: int = -1
    editable: bool = False
    means: str = ""


def shown_columns(layer: QgsVectorLayer) -> list[DisplayColumn]:
    """The columns in reading order: what was said, how sure that is, what became of it, the features' own."""
    columns = result_columns(layer)
    return [
        *(_clicked(layer, columns) if columns.holds_clicks else _described(layer, columns)),
        *(_plain(layer, name, Kind.CONFIDENCE, CONFIDENCE) for name in columns.present([CONFIDENCE])),
        *(_plain(layer, name, Kind.STATUS, "status") for name in columns.present(["status"])),
        *(_plain(layer, name, kind_of(layer.fields().field(name))) for name in columns.own),
    ]


def kind_of(field: QgsField) -> Kind:
    """How a field's values are shown."""
    if is_yes_or_no(field):
        return Kind.YESNO
    if not field.isNumeric():
        return Kind.TEXT
    return Kind.DECIMAL if is_decimal(field) else Kind.NUMBER


def about(column: DisplayColumn) -> str:
    """What a column that every result has holds; empty for others."""
    texts = {one.name: one.about for one in table.COLUMNS}
    return marked(texts[column.means]) if column.means in texts else ""


def sureness(confidence: float) -> tuple[str, str]:
    """The name and the colour of a confidence."""
    return next(((name, colour) for least, name, colour in SURENESS if confidence >= least), SURENESS[-1][1:])


def in_words(value: Any, kind: Kind) -> str:
    """A value as a person reads it; empty for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return yes_or_no(value)
    if kind is Kind.CONFIDENCE:
        return f"{value:.0%}"
    if kind is Kind.STATUS:
        return status_in_words(str(value))
    if isinstance(value, float):
        return f"{value:.10g}"
    return value.toString(Qt.DateFormat.ISODate) if isinstance(value, QDateTime) else str(value)


def yes_or_no(value: bool) -> str:
    """Yes or no, in the user's language."""
    return translate("Rsgpt", "yes") if value else translate("Rsgpt", "no")


def status_in_words(status: str) -> str:
    """What became of a row, in the user's language."""
    return {
        Status.ANSWERED.value: translate("Rsgpt", "answered"),
        Status.PARTIAL.value: translate("Rsgpt", "partly answered"),
        Status.UNSURE.value: translate("Rsgpt", "unsure"),
        Status.SKIPPED.value: translate("Rsgpt", "skipped"),
        Status.FAILED.value: translate("Rsgpt", "failed"),
    }.get(status, status)


def _clicked(layer: QgsVectorLayer, columns: ResultColumns) -> list[DisplayColumn]:
    return [_plain(layer, columns.known[QUESTION], Kind.TEXT, QUESTION), _said(layer, columns, ANSWER)]


def _described(layer: QgsVectorLayer, columns: ResultColumns) -> list[DisplayColumn]:
    caption = [_said(layer, columns, CAPTION)] if CAPTION in columns.known else []
    answers = (
        _column(layer, found.name, found.asked, found.confidence, found.model or "") for found in columns.questions
    )
    return [*caption, *answers]


def _said(layer: QgsVectorLayer, columns: ResultColumns, means: str) -> DisplayColumn:
    """The column of what the row's own confidence is about."""
    known = columns.known
    return _column(layer, known[means], means, known.get(CONFIDENCE, ""), known.get(f"{means}_model", ""))


def _column(layer: QgsVectorLayer, name: str, means: str, confidence: str, model: str) -> DisplayColumn:
    index = _index(layer, name)
    kind, sure, kept = kind_of(layer.fields().at(index)), _index(layer, confidence), _index(layer, model)
    return DisplayColumn(name, _label(layer, index, means), kind, index, sure, kept, True, means)


def _plain(layer: QgsVectorLayer, name: str, kind: Kind, means: str = "") -> DisplayColumn:
    index = _index(layer, name)
    return DisplayColumn(name, _label(layer, index, means), kind, index, means=means)


def _label(layer: QgsVectorLayer, index: int, means: str) -> str:
    """The column's alias, or a name for those that every result has."""
    name = layer.fields().at(index).name()
    usual = {one.name: one.label for one in table.COLUMNS}
    return str(layer.attributeAlias(index) or (marked(usual[means]) if means in usual else name))


def _index(layer: QgsVectorLayer, name: str) -> int:
    return int(layer.fields().indexOf(name))
