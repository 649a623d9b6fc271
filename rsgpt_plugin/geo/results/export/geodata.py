"""Results as a GeoPackage or GeoJSON, through QGIS's own writer. Writes one file, or one layer of a GeoPackage."""

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
from ....shared.files.geopackage import put_layer, release, user_tables
from ...transforms import transform_between
from ..crs_check import definitions, enter_crs, is_same_place
from ..feature_columns import OwnColumns, own_columns
from .export_rows import ExportRows, discard, unwritable

translate = QCoreApplication.translate

LAYER = "results"
_DEGREES = "EPSG:4326"
_KEY = {".gpkg": "fid"}  # where the format counts anew


def write_geopackage(export: ExportRows, path: Path) -> None:
    """Write the rows in their own CRS, as one layer; the other layers of the file stay."""
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    options.layerName = LAYER
    part = _written(export, path, options, export.crs)
    try:
        _check_crs(export, part, path)
        if path.exists() and user_tables(path):
            put_layer(part, LAYER, path)
            return
        release(path)
        os.replace(part, path)
    except OSError as error:
        raise unwritable(path, str(error)) from error
    finally:
        discard(part)


def write_geojson(export: ExportRows, path: Path) -> None:
    """Write the rows in degrees, as RFC 7946 wants."""
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GeoJSON"
    options.layerOptions = ["RFC7946=YES"]
    part = _written(export, path, options, QgsCoordinateReferenceSystem(_DEGREES))
    try:
        os.replace(part, path)
    except OSError as error:
        raise unwritable(path, str(error)) from error
    finally:
        discard(part)


def _written(
    export: ExportRows,
    path: Path,
    options: QgsVectorFileWriter.SaveVectorOptions,
    crs: QgsCoordinateReferenceSystem,
) -> Path:
    """The draft of a file, with all rows and columns."""
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    discard(part)
    try:
        _write(export, part, options, crs)
        layer = QgsVectorLayer(str(part), "written", "ogr")
        if not layer.isValid() or layer.featureCount() != len(export.rows):
            raise OutputError(f"{max(0, layer.featureCount())} / {len(export.rows)}")
    except OutputError as error:
        discard(part)
        raise unwritable(path, str(error)) from error
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
    kept = [number for number, name in enumerate(own.fields.names()) if name.lower() != _KEY.get(ending)]
    fields = QgsFields()
    for number in kept:
        fields.append(own.fields.at(number))
    writer = QgsVectorFileWriter.create(str(part), fields, export.wkb_type, crs, export.context, options)
    try:
        _add_all(export, own, kept, writer, _transform(export, crs))
    finally:
        del writer  # it writes the end of the file when it goes, and an open file cannot be removed everywhere


def _transform(export: ExportRows, crs: QgsCoordinateReferenceSystem) -> QgsCoordinateTransform:
    try:
        return transform_between(export.crs, crs, export.context)
    except QgsCsException as error:
        sentence = translate(
            "Rsgpt", "The rows cannot be transformed to the coordinate system {crs} of this format. Choose GeoPackage."
        )
        raise OutputError(sentence.format(crs=crs.userFriendlyIdentifier())) from error


def _add_all(
    export: ExportRows,
    own: OwnColumns,
    kept: Sequence[int],
    writer: QgsVectorFileWriter,
    transform: QgsCoordinateTransform,
) -> None:
    if writer.hasError() != QgsVectorFileWriter.WriterError.NoError:
        raise OutputError(writer.errorMessage())
    for _, feature in export.each():
        values = own.fitted(feature).attributes()
        copy = QgsFeature()
        copy.setAttributes([values[number] for number in kept])
        copy.setGeometry(_moved(feature.geometry(), transform))
        if not writer.addFeature(copy, QgsFeatureSink.Flag.FastInsert):
            raise OutputError(writer.errorMessage())


def _check_crs(export: ExportRows, part: Path, path: Path) -> None:
    """Compare the places in the draft with those meant; OutputError where no form of the CRS keeps them."""
    meant = [feature.geometry() for feature in export.features if feature.hasGeometry()]
    if not meant or _lies_right(part, export.crs, meant):
        return
    for definition in definitions(export.crs):
        enter_crs(str(part), definition)
        if _lies_right(part, export.crs, meant):
            return
    raise unwritable(path, export.crs.userFriendlyIdentifier())


def _lies_right(part: Path, crs: QgsCoordinateReferenceSystem, meant: Sequence[QgsGeometry]) -> bool:
    layer = QgsVectorLayer(str(part), "written", "ogr")
    found = [feature.geometry() for feature in layer.getFeatures() if feature.hasGeometry()]
    return bool(found) and is_same_place(meant, crs, found, layer.crs())


def _moved(geometry: QgsGeometry, transform: QgsCoordinateTransform) -> QgsGeometry:
    moved = QgsGeometry(geometry)
    try:
        moved.transform(transform)
    except QgsCsException:
        return QgsGeometry()
    return moved
