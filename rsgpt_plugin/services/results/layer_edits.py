"""Writes values into rows of a layer: in its edit session if one is open, else directly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from qgis.core import NULL, QgsField, QgsVectorDataProvider, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication

from ...errors import OutputError

translate = QCoreApplication.translate

# By feature id, then by column name. None for no value.
Changes = Mapping[int, Mapping[str, Any]]

_CHANGE = QgsVectorDataProvider.Capability.ChangeAttributeValues
_ADD = QgsVectorDataProvider.Capability.AddAttributes
_SHAPEFILE, _SHAPEFILE_NAME_LENGTH = "ESRI Shapefile", 10  # longer names are truncated


def add_columns(layer: QgsVectorLayer, fields: Sequence[QgsField]) -> None:
    """Add those of `fields` that the layer lacks. Raises OutputError if the layer cannot be edited."""
    missing = [field for field in fields if layer.fields().indexOf(field.name()) < 0]
    if not missing:
        return
    provider = layer.dataProvider()
    truncates = provider.storageType() == _SHAPEFILE and any(
        len(field.name()) > _SHAPEFILE_NAME_LENGTH for field in missing
    )
    if truncates or layer.readOnly() or not provider.capabilities() & _ADD:
        raise _unwritable(layer)
    if layer.isEditable():
        added = all(layer.addAttribute(field) for field in missing)
    else:
        added = provider.addAttributes(missing)
        layer.updateFields()
    if not added or any(layer.fields().indexOf(field.name()) < 0 for field in missing):
        raise _unwritable(layer)


def write_values(layer: QgsVectorLayer, changes: Changes, label: str, before: Optional[Changes] = None) -> None:
    """Write all `changes` into existing columns, in an edit session as one undo step named `label`.

    label: "" if the caller has started an edit command. before: the old values, without which undo reads each row
    again. Raises OutputError if the layer cannot be edited.
    """
    if not changes:
        return
    indexes = {name: layer.fields().indexOf(name) for values in changes.values() for name in values}
    by_index = {
        fid: {indexes[name]: NULL if value is None else value for name, value in values.items()}
        for fid, values in changes.items()
    }
    old = {
        (fid, indexes[name]): NULL if value is None else value
        for fid, values in (before or {}).items()
        for name, value in values.items()
    }
    written = _in_session(layer, by_index, label, old) if layer.isEditable() else _directly(layer, by_index)
    if not written:
        raise _unwritable(layer)
    layer.triggerRepaint()


def _in_session(
    layer: QgsVectorLayer, changes: Mapping[int, Mapping[int, Any]], label: str, old: Mapping[tuple[int, int], Any]
) -> bool:
    if label:
        layer.beginEditCommand(label)
    written = all(
        layer.changeAttributeValue(fid, index, value, old.get((fid, index)))
        for fid, values in changes.items()
        for index, value in values.items()
    )
    if label:
        layer.endEditCommand() if written else layer.destroyEditCommand()
    return written


def _directly(layer: QgsVectorLayer, changes: Mapping[int, Mapping[int, Any]]) -> bool:
    provider = layer.dataProvider()
    if layer.readOnly() or not provider.capabilities() & _CHANGE or not provider.changeAttributeValues(changes):
        return False
    # A provider emits no signals. Attribute tables and the results table listen to the layer.
    for fid, values in changes.items():
        for index, value in values.items():
            layer.attributeValueChanged.emit(fid, index, value)
    return True


def _unwritable(layer: QgsVectorLayer) -> OutputError:
    cause = layer.dataProvider().error().summary().strip()
    message = translate(
        "Rsgpt", "The layer “{name}” cannot be edited. Export it as a GeoPackage, then edit the exported layer. {cause}"
    )
    return OutputError(message.format(name=layer.name(), cause=cause).strip())
