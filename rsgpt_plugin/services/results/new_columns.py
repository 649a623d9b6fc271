"""Columns that are added to a results layer, and its style, which shows them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from qgis.core import QgsField, QgsVectorLayer

from ...errors import OutputError
from ...geo.results.styles.stored_style import StyleUpdate
from ...geo.results.styles.style import OwnStyle, own_style
from .layer_edits import add_columns

_LOCK_TIMEOUT_S = 0.2


def add_result_columns(layer: QgsVectorLayer, fields: Sequence[QgsField]) -> None:
    """Add those of `fields` that the layer lacks, also to its form, map tip and legend, and to those in its file.

    What the user changed in the style stays. Raises OutputError if the layer cannot be edited.
    """
    names = layer.fields().names()
    if all(field.name() in names for field in fields):
        return
    own = own_style(layer)
    add_columns(layer, fields)
    own.update(layer)
    if layer.isEditable():
        _after_session(layer, own)
    else:
        _update_stored(layer)


def _after_session(layer: QgsVectorLayer, own: OwnStyle) -> None:
    """Update the stored style when the edit session is saved. If it is discarded, the columns are gone again."""

    def ended(is_saved: bool) -> None:
        layer.afterCommitChanges.disconnect(commit)
        layer.afterRollBack.disconnect(roll_back)
        own.update(layer)
        if is_saved:
            _update_stored(layer)

    def commit() -> None:
        ended(True)

    def roll_back() -> None:
        ended(False)

    layer.afterCommitChanges.connect(commit)
    layer.afterRollBack.connect(roll_back)


def _update_stored(layer: QgsVectorLayer) -> None:
    """Store the style again if the file has one. If the file is locked, its form lacks the columns.

    On the main thread, which is about to write rows: a Python thread that holds the lock of SQLite waits for the
    interpreter, and GDAL keeps the interpreter while it waits for the lock.
    """
    update = StyleUpdate.of(layer)
    if update is not None:
        with suppress(OutputError):
            update.store(_LOCK_TIMEOUT_S)
