"""Display of a results layer: its columns in reading order, and its values as text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Optional

from qgis.core import QgsField, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QDate, QDateTime, Qt, QTime

from ...shared.i18n import marked
from ...shared.results import columns as table
from ...shared.results.columns import ANSWER, CAPTION, CONFIDENCE, QUESTION
from ...shared.results.rows import Status
from ...shared.text import percent
from .column_roles import ResultColumns, result_columns
from .schema import is_decimal, is_yes_or_no

translate = QCoreApplication.translate

# Minimum confidence, name, and color of each level, as in the layer style.
CONFIDENCE_LEVELS = ((0.7, "sure", "#0067b1"), (0.4, "fair", "#f0a000"), (0.0, "unsure", "#8c0040"))
# Colors of values on the map and in the summary bar.
VALUE_COLORS = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00",
    "#f0e442", "#8c6d31", "#7570b3", "#66a61e", "#a6761d", "#1b9e77",
)  # fmt: skip
OTHER_COLOR = "#999999"


class Kind(Enum):
    """How a value is shown."""

    TEXT = "text"
    YESNO = "yesno"
    WHOLE = "number"
    DECIMAL = "decimal"
    CONFIDENCE = "confidence"
    STATUS = "status"

    @property
    def is_number(self) -> bool:
        """Whether the values are integers or decimals."""
        return self in (Kind.WHOLE, Kind.DECIMAL)


@dataclass(frozen=True)
class DisplayColumn:
    """One column of the table.

    index: of its field. confidence, model: the field indexes of its confidence and of the model's answer before a
    correction, or -1. editable: whether a person may correct its values. means: its name in the results schema, or ""
    for a column of the described features.
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
    """Return the columns in reading order: answers, confidence, status, and the features' own columns."""
    columns = result_columns(layer)
    return [
        *(_clicked(layer, columns) if columns.holds_clicks else _described(layer, columns)),
        *(_read_only(layer, name, Kind.CONFIDENCE, CONFIDENCE) for name in columns.present([CONFIDENCE])),
        *(_read_only(layer, name, Kind.STATUS, "status") for name in columns.present(["status"])),
        *(_read_only(layer, name, kind_of(layer.fields().field(name))) for name in columns.own),
    ]


def kind_of(field: QgsField) -> Kind:
    """Return how the values of a field are shown."""
    if is_yes_or_no(field):
        return Kind.YESNO
    if not field.isNumeric():
        return Kind.TEXT
    return Kind.DECIMAL if is_decimal(field) else Kind.WHOLE


def column_description(column: DisplayColumn) -> str:
    """Return the description of a column of the results schema; "" for other columns."""
    texts = {entry.name: entry.about for entry in table.COLUMNS}
    return marked(texts[column.means]) if column.means in texts else ""


def confidence_level(confidence: float) -> tuple[str, str]:
    """Return the name and the color of the level of a confidence."""
    levels = ((name, color) for minimum, name, color in CONFIDENCE_LEVELS if confidence >= minimum)
    return next(levels, CONFIDENCE_LEVELS[-1][1:])


def display_text(value: Any, kind: Kind) -> str:
    """Return a value as text in the user's language; "" for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return yes_or_no(value)
    if kind is Kind.CONFIDENCE:
        return percent(value)
    if kind is Kind.STATUS:
        return status_text(str(value))
    if isinstance(value, float):
        return f"{value:.10g}"
    return value.toString(Qt.DateFormat.ISODate) if isinstance(value, (QDate, QDateTime, QTime)) else str(value)


def yes_or_no(value: bool) -> str:
    """Return "yes" or "no" in the user's language."""
    return translate("Rsgpt", "yes") if value else translate("Rsgpt", "no")


def review_text(mark: str, name: Optional[str]) -> str:
    """Return “corrected by …” or “checked by …”, without a name if it is unknown. mark: the column of the mark."""
    if mark == table.CORRECTED:
        by, plain = translate("Rsgpt", "corrected by {name}"), translate("Rsgpt", "corrected")
    else:
        by, plain = translate("Rsgpt", "checked by {name}"), translate("Rsgpt", "checked")
    return by.replace("{name}", name) if name else plain


def status_text(status: str) -> str:
    """Return the status of a row in the user's language."""
    return {
        Status.ANSWERED.value: translate("Rsgpt", "answered"),
        Status.PARTIAL.value: translate("Rsgpt", "partly answered"),
        Status.UNSURE.value: translate("Rsgpt", "unsure"),
        Status.SKIPPED.value: translate("Rsgpt", "skipped"),
        Status.FAILED.value: translate("Rsgpt", "failed"),
    }.get(status, status)


def _clicked(layer: QgsVectorLayer, columns: ResultColumns) -> list[DisplayColumn]:
    return [_read_only(layer, columns.known[QUESTION], Kind.TEXT, QUESTION), _text_column(layer, columns, ANSWER)]


def _described(layer: QgsVectorLayer, columns: ResultColumns) -> list[DisplayColumn]:
    caption = [_text_column(layer, columns, CAPTION)] if CAPTION in columns.known else []
    answers = (
        _column(layer, question.name, question.asked, question.confidence, question.model or "")
        for question in columns.questions
    )
    return [*caption, *answers]


def _text_column(layer: QgsVectorLayer, columns: ResultColumns, means: str) -> DisplayColumn:
    """Return the column that the row's confidence refers to."""
    known = columns.known
    return _column(layer, known[means], means, known.get(CONFIDENCE, ""), known.get(f"{means}_model", ""))


def _column(layer: QgsVectorLayer, name: str, means: str, confidence: str, model: str) -> DisplayColumn:
    index = _index(layer, name)
    return DisplayColumn(
        name,
        _label(layer, index, means),
        kind_of(layer.fields().at(index)),
        index,
        _index(layer, confidence),
        _index(layer, model),
        editable=True,
        means=means,
    )


def _read_only(layer: QgsVectorLayer, name: str, kind: Kind, means: str = "") -> DisplayColumn:
    index = _index(layer, name)
    return DisplayColumn(name, _label(layer, index, means), kind, index, means=means)


def _label(layer: QgsVectorLayer, index: int, means: str) -> str:
    """Return the alias, else the label in the results schema, else the name of a column."""
    name = layer.fields().at(index).name()
    labels = {entry.name: entry.label for entry in table.COLUMNS}
    return str(layer.attributeAlias(index) or (marked(labels[means]) if means in labels else name))


def _index(layer: QgsVectorLayer, name: str) -> int:
    return int(layer.fields().indexOf(name))
