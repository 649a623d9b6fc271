"""Columns that are added to a results layer, and its style, which shows them."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.core import QgsField, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication

from ...geo.results.styles.stored_style import StyleUpdate
from ...geo.results.styles.style import OwnStyle, own_style
from ..background_task import BackgroundTask
from .layer_edits import add_columns

translate = QCoreApplication.translate


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
    """Store the style again if the file has one. If the file is locked, its form lacks the columns."""
    update = StyleUpdate.of(layer)
    if update is not None:
        BackgroundTask(translate("Rsgpt", "RSGPT: storing the style"), lambda task: update.store()).start()
