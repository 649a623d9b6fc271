"""Export as GeoPackage or GeoJSON with the QGIS file writer."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeature,
    QgsFeatureSink,
    QgsFields,
    QgsGeometry,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

from ....errors import Cancelled, OutputError
from ....shared.files.geopackage import put_layer, remove_companions, user_tables
from ...transforms import transform_between
from ..crs_check import crs_definitions, is_same_place, write_crs
from ..feature_columns import OwnColumns, own_columns
from ..styles.stored_style import store_style
from .export_rows import ExportRows, discard, write_error

translate = QCoreApplication.translate

LAYER = "results"
_DEGREES = "EPSG:4326"
_KEY = {".gpkg": "fid"}  # not copied: the format numbers the rows itself


def write_geopackage(export: ExportRows, path: Path) -> None:
    """Write the rows as one layer in their CRS, with their style. Other layers of the file are kept.

    Raises OutputError if it fails.
    """
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    options.layerName = LAYER
    part = _write_draft(export, path, options, export.crs)
    try:
        _check_crs(export, part, path)
        store_style(f"{part}|layername={LAYER}", export.description, path)
        if path.exists() and user_tables(path):
            put_layer(part, LAYER, path)
            return
        remove_companions(path)
        os.replace(part, path)
    except OSError as error:
        raise write_error(path, str(error)) from error
    finally:
        discard(part)


def write_geojson(export: ExportRows, path: Path) -> None:
    """Write the rows in WGS 84 degrees, as RFC 7946 requires. Raises OutputError if it fails."""
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GeoJSON"
    options.layerOptions = ["RFC7946=YES"]
    part = _write_draft(export, path, options, QgsCoordinateReferenceSystem(_DEGREES))
    try:
        os.replace(part, path)
    except OSError as error:
        raise write_error(path, str(error)) from error
    finally:
        discard(part)


def _write_draft(
    export: ExportRows,
    path: Path,
    options: QgsVectorFileWriter.SaveVectorOptions,
    crs: QgsCoordinateReferenceSystem,
) -> Path:
    """Write all rows and columns to a draft next to the file, and return the path of the draft."""
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    discard(part)
    try:
        _write(export, part, options, crs)
        layer = QgsVectorLayer(str(part), "written", "ogr")
        if not layer.isValid() or layer.featureCount() != len(export.rows):
            raise OutputError(f"{max(0, layer.featureCount())} / {len(export.rows)}")
    except OutputError as error:
        discard(part)
        raise write_error(path, str(error)) from error
    except Cancelled:
        discard(part)
        raise
    return part


def _write(
    export: ExportRows,
    part: Path,
    options: QgsVectorFileWriter.SaveVectorOptions,
    crs: QgsCoordinateReferenceSystem,
) -> None:
    ending = part.suffix.lower()
    own = own_columns(export.fields, export.features, ending, ())
    indexes = [number for number, name in enumerate(own.fields.names()) if name.lower() != _KEY.get(ending)]
    fields = QgsFields()
    for number in indexes:
        fields.append(own.fields.at(number))
    writer = QgsVectorFileWriter.create(str(part), fields, export.wkb_type, crs, export.context, options)
    try:
        _add_all(export, own, indexes, writer, _transform(export, crs))
    finally:
        del writer  # completes and closes the file; Windows cannot remove an open file


def _transform(export: ExportRows, crs: QgsCoordinateReferenceSystem) -> QgsCoordinateTransform:
    try:
        return transform_between(export.crs, crs, export.context)
    except QgsCsException as error:
        message = translate(
            "Rsgpt", "The rows cannot be transformed to the coordinate system {crs} of this format. Choose GeoPackage."
        )
        raise OutputError(message.format(crs=crs.userFriendlyIdentifier())) from error


def _add_all(
    export: ExportRows,
    own: OwnColumns,
    indexes: Sequence[int],
    writer: QgsVectorFileWriter,
    transform: QgsCoordinateTransform,
) -> None:
    if writer.hasError() != QgsVectorFileWriter.WriterError.NoError:
        raise OutputError(writer.errorMessage())
    for _, feature in export.each():
        values = own.fitted(feature).attributes()
        copy = QgsFeature()
        copy.setAttributes([values[number] for number in indexes])
        copy.setGeometry(_transformed(feature.geometry(), transform))
        if not writer.addFeature(copy, QgsFeatureSink.Flag.FastInsert):
            raise OutputError(writer.errorMessage())


def _check_crs(export: ExportRows, part: Path, path: Path) -> None:
    """Compare the geometries in the draft with the rows. Raises OutputError if no definition of the CRS is correct."""
    expected = [feature.geometry() for feature in export.features if feature.hasGeometry()]
    if not expected or _is_in_place(part, export.crs, expected):
        return
    for definition in crs_definitions(export.crs):
        write_crs(str(part), definition)
        if _is_in_place(part, export.crs, expected):
            return
    raise write_error(path, export.crs.userFriendlyIdentifier())


def _is_in_place(part: Path, crs: QgsCoordinateReferenceSystem, expected: Sequence[QgsGeometry]) -> bool:
    layer = QgsVectorLayer(str(part), "written", "ogr")
    actual = [feature.geometry() for feature in layer.getFeatures() if feature.hasGeometry()]
    return bool(actual) and is_same_place(expected, crs, actual, layer.crs())


def _transformed(geometry: QgsGeometry, transform: QgsCoordinateTransform) -> QgsGeometry:
    copy = QgsGeometry(geometry)
    try:
        copy.transform(transform)
    except QgsCsException:
        return QgsGeometry()
    return copy
