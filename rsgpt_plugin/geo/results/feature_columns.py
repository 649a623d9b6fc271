"""The columns that features bring with them, made fit for a file beside the columns of a result. Opens no file.

File formats compare names without case, keep some names for themselves, and take no objects or lists.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qgis.core import NULL, QgsFeature, QgsField, QgsFields
from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime, QVariant

from .schema import output_fields

# Names that a format gives to its own columns; `fid` is one that features may fill with numbers of their own.
_RESERVED = {".gpkg": {"geom"}, ".sqlite": {"geometry", "ogc_fid"}}
_KEY = {".gpkg": "fid"}
# Qt's numbers of types, the same in QVariant and QMetaType.
_WHOLE_NUMBERS = {2, 3, 4, 5}  # int, uint, qlonglong, qulonglong
_CONTAINERS = {8, 9, 11}  # QVariantMap, QVariantList, QStringList


@dataclass(frozen=True)
class OwnColumns:
    """fields: those of the output that hold the features' own values. renamed: their new names by the old ones."""

    fields: QgsFields
    renamed: Mapping[str, str]

    def fitted(self, feature: QgsFeature) -> QgsFeature:
        """The feature with these columns; objects and lists become JSON."""
        copy = QgsFeature(feature)
        copy.setFields(self.fields, False)
        copy.setAttributes([_plain(value) for value in feature.attributes()])
        return copy


def own_columns(fields: QgsFields, features: Sequence[QgsFeature], ending: str, results: Collection[str]) -> OwnColumns:
    """Fit the columns of `features` for a file of that ending. results: the columns that the run adds."""
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
    """Whether the column of that name, where there is one, numbers every feature by another whole number."""
    places = [place for place, name in enumerate(fields.names()) if name.casefold() == key]
    if not places:
        return True
    values = [feature.attributes()[places[0]] for feature in features]
    return _kind(fields.at(places[0])) in _WHOLE_NUMBERS and NULL not in values and len(set(values)) == len(values)


def _free_name(name: str, taken: Collection[str]) -> str:
    number = 2
    while f"{name}_{number}".casefold() in taken:
        number += 1
    return f"{name}_{number}"


def _fitted(field: QgsField, name: str) -> QgsField:
    copy = QgsField(output_fields(()).at(0) if _kind(field) in _CONTAINERS else field)  # the first one holds text
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
