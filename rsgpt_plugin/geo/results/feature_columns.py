"""Columns of the described features, adapted so that a file can hold them together with the columns of results.

File formats compare names case-insensitively, reserve some names, and cannot store objects or lists.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qgis.core import NULL, QgsFeature, QgsField, QgsFields
from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime, QVariant

from .schema import output_fields

# Names that a format reserves. Features may have a `fid` column if it numbers them uniquely.
_RESERVED = {".gpkg": {"geom"}, ".sqlite": {"geometry", "ogc_fid"}}
_KEY = {".gpkg": "fid"}
# Type numbers of Qt, the same in QVariant and QMetaType.
_WHOLE_NUMBERS = {2, 3, 4, 5}  # int, uint, qlonglong, qulonglong
_CONTAINERS = {8, 9, 11}  # QVariantMap, QVariantList, QStringList


@dataclass(frozen=True)
class OwnColumns:
    """fields: the output fields for the features' own values. renamed: new column names by old ones."""

    fields: QgsFields
    renamed: Mapping[str, str]

    def fitted(self, feature: QgsFeature) -> QgsFeature:
        """Return a copy of the feature with these columns, and with objects and lists as JSON."""
        copy = QgsFeature(feature)
        copy.setFields(self.fields, False)
        copy.setAttributes([_plain(value) for value in feature.attributes()])
        return copy


def own_columns(fields: QgsFields, features: Sequence[QgsFeature], ending: str, results: Collection[str]) -> OwnColumns:
    """Adapt the columns of `features` to a file with the suffix `ending`. results: the column names of the run."""
    reserved = set(_RESERVED.get(ending, ()))
    key = _KEY.get(ending)
    if key is not None and not _is_key(fields, features, key):
        reserved.add(key)
    added = {name.casefold() for name in results}
    used = {*added, *(f"{name}_2" for name in added), *(name.casefold() for name in fields.names())}
    taken, fitted, renamed = reserved, QgsFields(), {}
    for field in fields:
        name = field.name()
        if name.casefold() in taken:
            name = renamed[field.name()] = _free_name(name, taken | used)
        taken.add(name.casefold())
        fitted.append(_fitted(field, name))
    return OwnColumns(fitted, renamed)


def _is_key(fields: QgsFields, features: Sequence[QgsFeature], key: str) -> bool:
    """Whether the column `key` is missing, or holds a unique integer for each feature."""
    indexes = [index for index, name in enumerate(fields.names()) if name.casefold() == key]
    if not indexes:
        return True
    values = [feature.attributes()[indexes[0]] for feature in features]
    return _kind(fields.at(indexes[0])) in _WHOLE_NUMBERS and NULL not in values and len(set(values)) == len(values)


def _free_name(name: str, taken: Collection[str]) -> str:
    number = 2
    while f"{name}_{number}".casefold() in taken:
        number += 1
    return f"{name}_{number}"


def _fitted(field: QgsField, name: str) -> QgsField:
    copy = QgsField(output_fields(()).at(0) if _kind(field) in _CONTAINERS else field)  # the first field is text
    copy.setName(name)
    return copy


def _kind(field: QgsField) -> int:
    return int(getattr(field.type(), "value", field.type()))


def _plain(value: Any) -> Any:
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, ensure_ascii=False, default=_in_json)
    return value


def _in_json(value: Any) -> Any:
    if isinstance(value, (QDate, QDateTime, QTime)):
        return value.toString(Qt.DateFormat.ISODate)
    return None if isinstance(value, QVariant) and value.isNull() else str(value)
