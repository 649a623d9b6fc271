"""A trial write: a few rows are written to a scratch file like the rows of a run, and read back.

It finds columns, values, and CRSs that a format rejects or changes before the model is asked.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from traceback import clear_frames
from typing import Any, Optional

from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureSink,
    QgsField,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingUtils,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication, QDateTime

from ...errors import OutputError
from ...geo.results.crs_check import crs_definitions, is_same_place, write_crs
from .destination import OutputDestination, SinkShape, table_in

translate = QCoreApplication.translate

_SAMPLES: Mapping[int, Any] = {1: True, 2: 1, 6: 0.5, 10: "x"}  # by Qt type number; other types are date and time
_STATUS, _UNANSWERED = "status", "failed"  # the status identifies the row without answers
_NAME_PREFIX = 8  # characters of a column name that every format keeps


@dataclass(frozen=True)
class TrialWrite:
    """The result of a trial write.

    names, crs: as read back; crs is None if the rows have no position. definition: the WKT of the CRS to write into the
    closed file, or "". notes: messages about data that the format cannot store.
    """

    names: tuple[str, ...] = ()
    crs: Optional[QgsCoordinateReferenceSystem] = None
    definition: str = ""
    notes: tuple[str, ...] = ()


def try_rows(output: OutputDestination, shape: SinkShape) -> TrialWrite:
    """Write the samples of `shape` with and without answers. Raises OutputError if a run would fail."""
    if output.path is None or not shape.samples:
        return TrialWrite()
    rows = [row for sample in shape.samples for row in _rows(sample, shape)]
    with tempfile.TemporaryDirectory(prefix="rsgpt-") as folder:
        # QGIS reads the format of a new file, but not of an existing one, after the first dot of its name.
        stem = output.path.stem.replace(".", "_") if output.path.exists() else output.path.stem
        path = Path(folder) / f"{stem}{output.ending}"
        name = table_in(path, output.layer) if output.is_table else str(path)
        try:
            return _compare(_write(name, output, shape, rows), output, shape, rows)
        except OutputError as error:
            clear_frames(error.__traceback__)  # its frames keep the file open, and Windows cannot remove it
            message = str(error)
    raise OutputError(message)


def _rows(sample: QgsFeature, shape: SinkShape) -> Iterator[QgsFeature]:
    """Yield a sample as a row of the output, with answers and without."""
    own = sample.attributes()
    added = [shape.fields.at(index) for index in range(len(own), shape.fields.count())]
    status = _status_name(field.name() for field in added)
    unanswered = [_UNANSWERED if field.name() == status else NULL for field in added]
    for values in ([_sample_value(field) for field in added], *([unanswered] if status else ())):
        row = QgsFeature(shape.fields)
        row.setGeometry(sample.geometry())
        row.setAttributes([*own, *values])
        yield row
        own = _without_fid(own, shape)


def _status_name(added: Iterable[str]) -> str:
    """Return the name of the run's status column, the last one with that prefix, or "": all rows have answers."""
    return next((name for name in reversed(list(added)) if name.startswith(_STATUS)), "")


def _without_fid(own: Sequence[Any], shape: SinkShape) -> list[Any]:
    """Return the values without the `fid`, which must be unique."""
    names = [shape.fields.at(index).name().casefold() for index in range(len(own))]
    return [NULL if name == "fid" else value for name, value in zip(names, own)]


def _sample_value(field: QgsField) -> Any:
    kind = int(getattr(field.type(), "value", field.type()))
    return _SAMPLES[kind] if kind in _SAMPLES else QDateTime.fromMSecsSinceEpoch(0).toUTC()


def _write(name: str, output: OutputDestination, shape: SinkShape, rows: Sequence[QgsFeature]) -> str:
    """Write the rows like Processing, and return the identifier of the layer."""
    options = output.value.createOptions if isinstance(output.value, QgsProcessingOutputLayerDefinition) else {}
    try:
        sink, identifier = QgsProcessingUtils.createFeatureSink(
            name, QgsProcessingContext(), shape.fields, shape.wkb_type, shape.crs, options
        )
    except QgsProcessingException as error:
        raise _rejected(output, str(error)) from error
    if sink is None:
        raise _rejected(output, "")
    for row in rows:
        if not sink.addFeature(row, QgsFeatureSink.Flag.FastInsert):
            raise _rejected(output, sink.lastError())
    if not sink.flushBuffer():
        raise _rejected(output, sink.lastError())
    return str(identifier)


def _compare(identifier: str, output: OutputDestination, shape: SinkShape, rows: Sequence[QgsFeature]) -> TrialWrite:
    """Read the rows back and compare them with the written ones."""
    layer = QgsVectorLayer(identifier, "trial", "ogr")
    if not layer.isValid():
        return TrialWrite(notes=(translate("Rsgpt", "QGIS cannot read this format, so its rows are not checked."),))
    if layer.featureCount() < len(rows):
        raise _rejected(output, translate("Rsgpt", "some rows were lost"))
    _check_empty_values(layer, output, shape)
    names = tuple(layer.fields().names())
    notes = list(_lost_columns(names, shape))
    actual = [feature.geometry() for feature in layer.getFeatures() if feature.hasGeometry()]
    expected = [row.geometry() for row in rows if row.hasGeometry()]
    if not expected:
        return TrialWrite(names, notes=tuple(notes))
    if not actual:
        notes.append(
            translate(
                "Rsgpt",
                "This format stores no geometry, so its rows cannot be placed on the map. Write a GeoPackage instead.",
            )
        )
        return TrialWrite(names, notes=tuple(notes))
    if is_same_place(expected, shape.crs, actual, layer.crs()):
        return TrialWrite(names, layer.crs(), notes=tuple(notes))
    crs, definition = _with_written_crs(layer, output, shape, (expected, actual))
    return TrialWrite(names, crs, definition, tuple(notes))


def _with_written_crs(
    layer: QgsVectorLayer,
    output: OutputDestination,
    shape: SinkShape,
    geometries: tuple[list[QgsGeometry], list[QgsGeometry]],
) -> tuple[QgsCoordinateReferenceSystem, str]:
    """Write the CRS into the trial file, and return the CRS as read back and its WKT.

    geometries: the expected and the actual ones. Raises OutputError if no definition of the CRS is correct.
    """
    identifier, expected, actual = layer.source(), *geometries
    for definition in crs_definitions(shape.crs) if output.ending == ".gpkg" else ():
        write_crs(identifier, definition)
        crs = QgsVectorLayer(identifier, "trial", "ogr").crs()
        if is_same_place(expected, shape.crs, actual, crs):
            return crs, definition
    message = translate(
        "Rsgpt",
        "A {ending} file cannot store the coordinate system of this layer, so the rows would be in the wrong place. "
        "Write a GeoPackage (.gpkg), or reproject the layer.",
    )
    raise OutputError(message.format(ending=output.ending))


def _check_empty_values(layer: QgsVectorLayer, output: OutputDestination, shape: SinkShape) -> None:
    """Raise OutputError if the format replaces NULL by a value, which would look like an answer."""
    own = len(shape.samples[0].attributes())
    added = [shape.fields.at(index).name() for index in range(own, shape.fields.count())]
    indexes = {name: layer.fields().lookupField(name) for name in added}
    status = indexes.get(_status_name(added), -1)
    if status < 0:
        return
    for feature in layer.getFeatures():
        values = feature.attributes()
        if values[status] != _UNANSWERED:
            continue
        for name, index in indexes.items():
            if index not in (-1, status) and values[index] not in (NULL, ""):
                message = translate(
                    "Rsgpt",
                    "A {ending} file cannot store empty values: {column} would contain {value} in rows without an "
                    "answer. Write a GeoPackage (.gpkg) instead.",
                )
                raise OutputError(message.format(ending=output.ending, column=name, value=values[index]))


def _lost_columns(names: Sequence[str], shape: SinkShape) -> Iterator[str]:
    prefixes = {name.casefold()[:_NAME_PREFIX] for name in names}
    lost = [name for name in shape.fields.names() if name.casefold()[:_NAME_PREFIX] not in prefixes]
    if lost and _without_names(names):
        return
    if lost:
        message = translate("Rsgpt", "This format drops the columns {columns}. Write a GeoPackage to keep them.")
        yield message.format(columns=", ".join(lost))


def _without_names(names: Sequence[str]) -> bool:
    """Whether the reader did not use the first row of a sheet as column names."""
    return bool(names) and all(name.startswith("Field") for name in names)


def _rejected(output: OutputDestination, cause: str) -> OutputError:
    message = translate(
        "Rsgpt",
        "A {ending} file cannot store these rows ({cause}). Write a GeoPackage (.gpkg), or remove the columns that "
        "you do not need.",
    )
    return OutputError(message.format(ending=output.ending, cause=cause.strip() or "?"))
