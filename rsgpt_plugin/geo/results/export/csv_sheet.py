"""Export as CSV for spreadsheets, without cells that are evaluated as formulas."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, Optional

from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsCsException, QgsFeature
from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime

from ...transforms import transform_between
from ..layer_rows import null_to_none
from .export_rows import ExportRows, text_file

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_UTF8_WITH_BOM = "utf-8-sig"  # without it, Excel assumes the system's encoding


def write_csv(export: ExportRows, path: Path) -> None:
    """Write all columns of the layer, and the longitude and latitude (WGS 84 degrees) of each row's center."""
    to_degrees = _to_degrees(export)
    with text_file(path, _UTF8_WITH_BOM) as file:
        writer = csv.writer(file)
        writer.writerow([_cell(name) for name in export.fields.names()] + ["longitude", "latitude"])
        for _, feature in export.each():
            writer.writerow([_cell(value) for value in feature.attributes()] + _center(feature, to_degrees))


def _cell(value: Any) -> Any:
    """Return the value of a cell. Text that a spreadsheet would evaluate gets a leading apostrophe."""
    value = null_to_none(value)
    if isinstance(value, (QDate, QDateTime, QTime)):
        return value.toString(Qt.DateFormat.ISODateWithMs)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = str(value)
    return "'" + text if text.startswith(_FORMULA) else text


def _to_degrees(export: ExportRows) -> Optional[QgsCoordinateTransform]:
    """Return the transform to WGS 84; None if there is no operation, as for a local CRS."""
    try:
        return transform_between(export.crs, QgsCoordinateReferenceSystem("EPSG:4326"), export.context)
    except QgsCsException:
        return None


def _center(feature: QgsFeature, to_degrees: Optional[QgsCoordinateTransform]) -> list[Any]:
    if to_degrees is None or not feature.hasGeometry():
        return ["", ""]
    try:
        point = to_degrees.transform(feature.geometry().boundingBox().center())
    except QgsCsException:
        return ["", ""]
    return [f"{point.x():.7f}", f"{point.y():.7f}"]
