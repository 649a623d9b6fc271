"""Results as a GeoPackage or GeoJSON, through QGIS's own writer. Writes one file."""

from __future__ import annotations

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
)

from ...errors import Cancelled, OutputError
from .rows import ExportRows, discard, unwritable

_DEGREES = "EPSG:4326"


def write_geopackage(export: ExportRows, path: Path) -> None:
    """Write the rows in their own CRS."""
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    options.layerName = "results"
    _write(export, path, options, export.crs)


def write_geojson(export: ExportRows, path: Path) -> None:
    """Write the rows in degrees, as RFC 7946 wants."""
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GeoJSON"
    options.layerOptions = ["RFC7946=YES"]
    _write(export, path, options, QgsCoordinateReferenceSystem(_DEGREES))


def _write(
    export: ExportRows,
    path: Path,
    options: QgsVectorFileWriter.SaveVectorOptions,
    crs: QgsCoordinateReferenceSystem,
) -> None:
    part = path.with_name(f"{path.stem}.part{path.suffix}")
    discard(part)
    kept = [number for number, name in enumerate(export.fields.names()) if name.lower() != "fid"]  # a file counts anew
    fields = QgsFields()
    for number in kept:
        fields.append(export.fields.at(number))
    writer = QgsVectorFileWriter.create(str(part), fields, export.wkb_type, crs, export.context, options)
    try:
        if writer.hasError() != QgsVectorFileWriter.WriterError.NoError:
            raise unwritable(path, writer.errorMessage())
        transform = QgsCoordinateTransform(export.crs, crs, export.context)
        for _, feature in export.each():
            copy = QgsFeature(fields)
            copy.setAttributes([feature.attributes()[number] for number in kept])
            copy.setGeometry(_moved(feature.geometry(), transform))
            if not writer.addFeature(copy, QgsFeatureSink.Flag.FastInsert):
                raise unwritable(path, writer.errorMessage())
    except (Cancelled, OutputError):
        del writer  # an open file cannot be removed everywhere
        discard(part)
        raise
    del writer  # it writes the end of the file when it goes
    try:
        part.replace(path)
    except OSError as error:
        raise unwritable(path, str(error)) from error


def _moved(geometry: QgsGeometry, transform: QgsCoordinateTransform) -> QgsGeometry:
    moved = QgsGeometry(geometry)
    try:
        moved.transform(transform)
    except QgsCsException:
        return QgsGeometry()
    return moved
