"""A person's word in place of the model's, which is kept beside it. Asks nothing and draws nothing."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsFeature, QgsField, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QDateTime

from ...errors import OutputError
from ...geo.results.column_roles import result_columns
from ...geo.results.layer_rows import plain
from ...geo.results.schema import field_of
from ...shared.results.columns import CORRECTED, CORRECTED_AT, column
from .layer_edits import add_columns, write_values

translate = QCoreApplication.translate


def correct(layer: QgsVectorLayer, fid: int, name: str, value: Any) -> bool:
    """Write `value` into the column `name` and mark the row; return whether anything changed.

    None for no answer. What the model said goes to a column beside it, with the first correction; its own word
    given back takes the mark away.
    """
    feature = layer.getFeature(fid)
    if not feature.isValid():
        raise OutputError(translate("Rsgpt", "The row is no longer in the layer. Open the table anew."))
    if plain(feature[name]) == value:
        return False
    corrected = corrected_columns(feature)
    kept = result_columns(layer).model_of(name)
    if name in corrected and plain(feature[kept]) == value:
        return restore(layer, fid, name)
    add_columns(layer, _marks(layer.fields().field(name), kept))
    changes = {
        name: value,
        CORRECTED: " ".join(sorted(corrected | {name})),
        CORRECTED_AT: QDateTime.currentDateTimeUtc(),
    }
    if name not in corrected:
        changes[kept] = plain(feature[name])
    write_values(layer, {fid: changes}, translate("Rsgpt", "Correct an answer"))
    return True


def restore(layer: QgsVectorLayer, fid: int, name: str) -> bool:
    """Give the row the model's own word back; return whether there was one."""
    feature = layer.getFeature(fid)
    corrected = corrected_columns(feature)
    if name not in corrected:
        return False
    kept = result_columns(layer).model_of(name)
    left = corrected - {name}
    changes = {name: plain(feature[kept]), kept: None, CORRECTED: " ".join(sorted(left)) or None}
    if not left:
        changes[CORRECTED_AT] = None
    write_values(layer, {fid: changes}, translate("Rsgpt", "Restore the model's answer"))
    return True


def corrected_columns(feature: QgsFeature) -> set[str]:
    """The names of the columns in which a person corrected the row."""
    if feature.fields().indexOf(CORRECTED) < 0:
        return set()
    return set(str(plain(feature[CORRECTED]) or "").split())


def _marks(said: QgsField, kept: str) -> list[QgsField]:
    """The columns that a correction of `said` needs. kept: the one for the model's own word."""
    model_field = QgsField(said)
    model_field.setName(kept)
    model_field.setAlias("")
    return [model_field, field_of(column(CORRECTED)), field_of(column(CORRECTED_AT))]
