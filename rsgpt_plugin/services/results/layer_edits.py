"""Values into rows of a layer, through its edit session where one is open, else at once. Knows no model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qgis.core import NULL, QgsField, QgsVectorDataProvider, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication

from ...errors import OutputError

translate = QCoreApplication.translate

# By feature id, then by the column's name; None for no value.
Changes = Mapping[int, Mapping[str, Any]]

_NEEDED = QgsVectorDataProvider.Capability.ChangeAttributeValues
_NEEDED_TO_ADD = QgsVectorDataProvider.Capability.AddAttributes
_CUTS_NAMES, _LONGEST = "ESRI Shapefile", 10


def add_columns(layer: QgsVectorLayer, fields: Sequence[QgsField]) -> None:
    """Add those of `fields` that the layer lacks; OutputError where it takes none."""
    missing = [field for field in fields if layer.fields().indexOf(field.name()) < 0]
    if not missing:
        return
    provider = layer.dataProvider()
    cut = provider.storageType() == _CUTS_NAMES and any(len(field.name()) > _LONGEST for field in missing)
    if cut or layer.readOnly() or not provider.capabilities() & _NEEDED_TO_ADD:
        raise _unwritable(layer)
    if layer.isEditable():
        added = all(layer.addAttribute(field) for field in missing)
    else:
        added = provider.addAttributes(missing)
        layer.updateFields()
    if not added or any(layer.fields().indexOf(field.name()) < 0 for field in missing):
        raise _unwritable(layer)


def write_values(layer: QgsVectorLayer, changes: Changes, label: str) -> None:
    """Write all of `changes`, whose columns exist; one step of the edit session's undo stack, named `label`.

    OutputError where the layer does not take them.
    """
    if not changes:
        return
    indexes = {name: layer.fields().indexOf(name) for values in changes.values() for name in values}
    by_index = {
        fid: {indexes[name]: NULL if value is None else value for name, value in values.items()}
        for fid, values in changes.items()
    }
    written = _in_session(layer, by_index, label) if layer.isEditable() else _at_once(layer, by_index)
    if not written:
        raise _unwritable(layer)
    layer.triggerRepaint()


def _in_session(layer: QgsVectorLayer, changes: Mapping[int, Mapping[int, Any]], label: str) -> bool:
    layer.beginEditCommand(label)
    written = all(
        layer.changeAttributeValue(fid, index, value)
        for fid, values in changes.items()
        for index, value in values.items()
    )
    if written:
        layer.endEditCommand()
    else:
        layer.destroyEditCommand()
    return written


def _at_once(layer: QgsVectorLayer, changes: Mapping[int, Mapping[int, Any]]) -> bool:
    provider = layer.dataProvider()
    if layer.readOnly() or not provider.capabilities() & _NEEDED or not provider.changeAttributeValues(changes):
        return False
    # A provider changes values without a word; attribute tables and ours listen to the layer.
    for fid, values in changes.items():
        for index, value in values.items():
            layer.attributeValueChanged.emit(fid, index, value)
    return True


def _unwritable(layer: QgsVectorLayer) -> OutputError:
    cause = layer.dataProvider().error().summary().strip()
    sentence = translate(
        "Rsgpt",
        "The layer “{name}” does not take changes. Export it as a GeoPackage, open that, and change it there. {cause}",
    )
    return OutputError(sentence.format(name=layer.name(), cause=cause).strip())
