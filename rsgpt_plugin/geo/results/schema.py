"""The columns of results as QGIS fields, and the attribute values of a row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from qgis.core import Qgis, QgsField, QgsFields
from qgis.PyQt.QtCore import QDateTime, QMetaType, QVariant

from ...shared.answers.questions import Question
from ...shared.results.columns import MOMENT, Column, DataType
from ...shared.results.rows import Cell, RowValues, column_types

# QgsField takes QMetaType types since QGIS 3.38, and QVariant types before.
_KINDS = QMetaType.Type if Qgis.versionInt() >= 33800 else QVariant
_OLD_NAMES = {"QString": "String", "QDateTime": "DateTime"}


def output_fields(questions: Sequence[Question]) -> QgsFields:
    """Return the fields of results: caption, answer and confidence per question, then provenance."""
    fields = QgsFields()
    for name, type_ in column_types(questions).items():
        fields.append(_field(name, type_))
    return fields


def field_of(column: Column) -> QgsField:
    """Return the field that stores a column."""
    return _field(column.name, column.type)


def fields_of(columns: Iterable[Column]) -> QgsFields:
    """Return the fields that store columns, in their order."""
    fields = QgsFields()
    for column in columns:
        fields.append(field_of(column))
    return fields


def attributes(questions: Sequence[Question], row: RowValues) -> list[Cell | QDateTime]:
    """Return the row's values in the order of `output_fields`."""
    types = column_types(questions)
    values = row.by_column(questions).items()
    return [_date_time(value) if types[name] is MOMENT else value for name, value in values]


def cell_of(column: Column, value: Cell) -> Cell | QDateTime:
    """Return the value of a column as its field stores it."""
    return _date_time(value) if column.type is MOMENT else value


def is_yes_or_no(field: QgsField) -> bool:
    """Whether a field holds yes or no. Shapefiles store it as an integer of one digit."""
    return bool(field.type() == _KINDS.Bool or (field.type() == _KINDS.Int and field.length() == 1))


def is_decimal(field: QgsField) -> bool:
    """Whether a field holds decimal numbers."""
    return bool(field.type() == _KINDS.Double)


def _date_time(moment: object) -> QDateTime | None:
    if not isinstance(moment, str) or not moment:
        return None
    milliseconds = round(datetime.fromisoformat(moment).timestamp() * 1000)
    return QDateTime.fromMSecsSinceEpoch(milliseconds).toUTC()


def _field(name: str, type_: DataType) -> QgsField:
    kind = _OLD_NAMES.get(type_.qt, type_.qt) if _KINDS is QVariant else type_.qt
    return QgsField(name, getattr(_KINDS, kind))
