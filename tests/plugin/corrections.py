"""Corrections of one answer, as the results table makes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.core import QgsVectorLayer

from rsgpt_plugin.errors import OutputError
from rsgpt_plugin.services.results.correcting.correction_service import CorrectionService


def correct(layer: QgsVectorLayer, fid: int, name: str, value: Any) -> bool:
    """Correct an answer; return whether the row changed. Raises OutputError with the message for the user."""
    return _changed(layer, fid, lambda service: service.correct(layer, [fid], name, value))


def restore(layer: QgsVectorLayer, fid: int, name: str) -> bool:
    """Restore the model's answer; return whether the row changed. Raises OutputError with the message for the user."""
    return _changed(layer, fid, lambda service: service.restore(layer, [fid], name))


def check(layer: QgsVectorLayer, fid: int, name: str) -> bool:
    """Mark an answer as right; return whether the row changed. Raises OutputError with the message for the user."""
    return _changed(layer, fid, lambda service: service.check(layer, [fid], name))


def _changed(layer: QgsVectorLayer, fid: int, edit: Callable[[CorrectionService], None]) -> bool:
    service, problems, before = CorrectionService(), list[str](), layer.getFeature(fid).attributes()
    service.failed.connect(problems.append)
    edit(service)
    if problems:
        raise OutputError(problems[0])
    return bool(layer.getFeature(fid).attributes() != before)
