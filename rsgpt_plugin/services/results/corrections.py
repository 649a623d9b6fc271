"""Corrections of answers by the user. The model's answer stays in a second column."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsFeature, QgsField, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QDateTime

from ...errors import OutputError
from ...geo.results.column_roles import result_columns
from ...geo.results.layer_rows import null_to_none
from ...geo.results.schema import field_of
from ...shared.results.columns import CORRECTED, CORRECTED_AT, column
from .layer_edits import add_columns, write_values

translate = QCoreApplication.translate


def correct(layer: QgsVectorLayer, fid: int, name: str, value: Any) -> bool:
    """Write `value`, None for no answer, into the column `name` and mark the row; return whether anything changed.

    The first correction copies the model's answer to a second column. Writing that answer again restores the row.
    Raises OutputError if the row is missing or the layer cannot be edited.
    """
    feature = layer.getFeature(fid)
    if not feature.isValid():
        raise OutputError(translate("Rsgpt", "The row is no longer in the layer. Reopen the table."))
    if null_to_none(feature[name]) == value:
        return False
    corrected = corrected_columns(feature)
    model_column = result_columns(layer).model_of(name)
    if name in corrected and null_to_none(feature[model_column]) == value:
        return restore(layer, fid, name)
    add_columns(layer, _correction_fields(layer.fields().field(name), model_column))
    changes = {
        name: value,
        CORRECTED: " ".join(sorted(corrected | {name})),
        CORRECTED_AT: QDateTime.currentDateTimeUtc(),
    }
    if name not in corrected:
        changes[model_column] = null_to_none(feature[name])
    write_values(layer, {fid: changes}, translate("Rsgpt", "Correct an answer"))
    return True


def restore(layer: QgsVectorLayer, fid: int, name: str) -> bool:
    """Restore the model's answer in the column `name`; return whether it had been corrected."""
    feature = layer.getFeature(fid)
    corrected = corrected_columns(feature)
    if name not in corrected:
        return False
    model_column = result_columns(layer).model_of(name)
    remaining = corrected - {name}
    changes = {
        name: null_to_none(feature[model_column]),
        model_column: None,
        CORRECTED: " ".join(sorted(remaining)) or None,
    }
    if not remaining:
        changes[CORRECTED_AT] = None
    write_values(layer, {fid: changes}, translate("Rsgpt", "Restore the model's answer"))
    return True


def corrected_columns(feature: QgsFeature) -> set[str]:
    """Return the names of the corrected columns of a row."""
    if feature.fields().indexOf(CORRECTED) < 0:
        return set()
    return set(str(null_to_none(feature[CORRECTED]) or "").split())


def _correction_fields(answer: QgsField, model_column: str) -> list[QgsField]:
    """Return the fields that a correction of `answer` needs. model_column: the name of the model's answer."""
    model_field = QgsField(answer)
    model_field.setName(model_column)
    model_field.setAlias("")
    return [model_field, field_of(column(CORRECTED)), field_of(column(CORRECTED_AT))]
