"""A few rows written to a scratch file as a run will write them, and read back. Asks no model.

What a format refuses or changes is known before the first question: a column, a value, a CRS, values that are empty.
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
from .destination import OutputDestination, table_in
from .sink import SinkShape

translate = QCoreApplication.translate

_SAMPLES: Mapping[int, Any] = {1: True, 2: 1, 6: 0.5, 10: "x"}  # by Qt's number of the type; others are moments
_STATUS, _UNANSWERED = "status", "failed"  # every row has a status: it tells the made-up rows apart
_CUT = 8  # what every format leaves of a column's name


@dataclass(frozen=True)
class TrialWrite:
    """What came of it. names, crs: as the format has them; crs None where it has none.

    definition: the CRS as it has to be entered into the file afterwards, "" where the format does that. notes: what
    the format loses, in sentences.
    """

    names: tuple[str, ...] = ()
    crs: Optional[QgsCoordinateReferenceSystem] = None
    definition: str = ""
    notes: tuple[str, ...] = ()


def try_rows(to: OutputDestination, shape: SinkShape) -> TrialWrite:
    """Write the samples of `shape`, with made-up answers and with none; OutputError where a run would fail."""
    if to.path is None or not shape.samples:
        return TrialWrite()
    rows = [row for sample in shape.samples for row in _rows(sample, shape)]
    with tempfile.TemporaryDirectory(prefix="rsgpt-") as folder:
        # QGIS takes what follows the first dot of a new file's name for its format, but not of an existing file's.
        stem = to.path.stem.replace(".", "_") if to.path.exists() else to.path.stem
        path = Path(folder) / f"{stem}{to.ending}"
        name = table_in(path, to.layer) if to.is_table else str(path)
        try:
            return _compared(_written(name, to, shape, rows), to, shape, rows)
        except OutputError as error:
            clear_frames(error.__traceback__)  # they hold the open file, which Windows would not remove
            refused = str(error)
    raise OutputError(refused)


def _rows(sample: QgsFeature, shape: SinkShape) -> Iterator[QgsFeature]:
    """A sample as a row of the output, once with answers and once without."""
    own = sample.attributes()
    added = [shape.fields.at(place) for place in range(len(own), shape.fields.count())]
    status = _status_name(field.name() for field in added)
    unanswered = [_UNANSWERED if field.name() == status else NULL for field in added]
    for values in ([_made_up(field) for field in added], unanswered):
        row = QgsFeature(shape.fields)
        row.setGeometry(sample.geometry())
        row.setAttributes([*own, *values])
        yield row
        own = _renumbered(own, shape)


def _status_name(added: Iterable[str]) -> str:
    """What the run's column of that name is called beside the features' own ones, and behind the questions'."""
    return [name for name in added if name.startswith(_STATUS)][-1]


def _renumbered(own: Sequence[Any], shape: SinkShape) -> list[Any]:
    """The same values without the number that must not come twice."""
    names = [shape.fields.at(place).name().casefold() for place in range(len(own))]
    return [NULL if name == "fid" else value for name, value in zip(names, own)]


def _made_up(field: QgsField) -> Any:
    kind = int(getattr(field.type(), "value", field.type()))
    return _SAMPLES[kind] if kind in _SAMPLES else QDateTime.fromMSecsSinceEpoch(0).toUTC()


def _written(name: str, to: OutputDestination, shape: SinkShape, rows: Sequence[QgsFeature]) -> str:
    """Write the rows as Processing will write the others; returns the layer's address."""
    options = to.value.createOptions if isinstance(to.value, QgsProcessingOutputLayerDefinition) else {}
    try:
        sink, identifier = QgsProcessingUtils.createFeatureSink(
            name, QgsProcessingContext(), shape.fields, shape.wkb_type, shape.crs, options
        )
    except QgsProcessingException as error:
        raise _refused(to, str(error)) from error
    if sink is None:
        raise _refused(to, "")
    for row in rows:
        if not sink.addFeature(row, QgsFeatureSink.Flag.FastInsert):
            raise _refused(to, sink.lastError())
    if not sink.flushBuffer():
        raise _refused(to, sink.lastError())
    return str(identifier)


def _compared(identifier: str, to: OutputDestination, shape: SinkShape, rows: Sequence[QgsFeature]) -> TrialWrite:
    """What is read back beside what was meant."""
    layer = QgsVectorLayer(identifier, "trial", "ogr")
    if not layer.isValid():
        return TrialWrite(notes=(translate("Rsgpt", "QGIS cannot read this format, so its rows are not checked."),))
    if layer.featureCount() < len(rows):
        raise _refused(to, translate("Rsgpt", "some rows were lost"))
    _check_empty_values(layer, to, shape)
    names = tuple(layer.fields().names())
    notes = list(_lost_columns(names, shape))
    found = [feature.geometry() for feature in layer.getFeatures() if feature.hasGeometry()]
    meant = [row.geometry() for row in rows if row.hasGeometry()]
    if not meant:
        return TrialWrite(names, notes=tuple(notes))
    if not found:
        notes.append(
            translate("Rsgpt", "This format keeps no geometry: its rows have no place on the map. Write a GeoPackage.")
        )
        return TrialWrite(names, notes=tuple(notes))
    if is_same_place(meant, shape.crs, found, layer.crs()):
        return TrialWrite(names, layer.crs(), notes=tuple(notes))
    crs, definition = _entered(layer, to, shape, (meant, found))
    return TrialWrite(names, crs, definition, tuple(notes))


def _entered(
    layer: QgsVectorLayer, to: OutputDestination, shape: SinkShape, places: tuple[list[QgsGeometry], list[QgsGeometry]]
) -> tuple[QgsCoordinateReferenceSystem, str]:
    """A trial layer's CRS after it was entered by hand, and as what; OutputError where that does not help."""
    identifier, meant, found = layer.source(), *places
    for definition in crs_definitions(shape.crs) if to.ending == ".gpkg" else ():
        write_crs(identifier, definition)
        crs = QgsVectorLayer(identifier, "trial", "ogr").crs()
        if is_same_place(meant, shape.crs, found, crs):
            return crs, definition
    sentence = translate(
        "Rsgpt",
        "A {ending} file cannot name the coordinate system of this layer: the rows would lie elsewhere. Write a "
        "GeoPackage (.gpkg), or reproject the layer.",
    )
    raise OutputError(sentence.format(ending=to.ending))


def _check_empty_values(layer: QgsVectorLayer, to: OutputDestination, shape: SinkShape) -> None:
    """OutputError where the format makes a value of none: an answer that nobody gave."""
    own = len(shape.samples[0].attributes())
    added = [shape.fields.at(place).name() for place in range(own, shape.fields.count())]
    places = {name: layer.fields().lookupField(name) for name in added}
    status = places[_status_name(added)]
    if status < 0:
        return
    for feature in layer.getFeatures():
        values = feature.attributes()
        if values[status] != _UNANSWERED:
            continue
        for name, place in places.items():
            if place not in (-1, status) and values[place] not in (NULL, ""):
                sentence = translate(
                    "Rsgpt",
                    "A {ending} file has no empty values: {column} would hold {value} where there is no answer. Write "
                    "a GeoPackage (.gpkg) instead.",
                )
                raise OutputError(sentence.format(ending=to.ending, column=name, value=values[place]))


def _lost_columns(names: Sequence[str], shape: SinkShape) -> Iterator[str]:
    begins = {name.casefold()[:_CUT] for name in names}
    lost = [name for name in shape.fields.names() if name.casefold()[:_CUT] not in begins]
    if lost and _without_names(names):
        return
    if lost:
        sentence = translate("Rsgpt", "This format drops the columns {columns}. Write a GeoPackage to keep them.")
        yield sentence.format(columns=", ".join(lost))


def _without_names(names: Sequence[str]) -> bool:
    """Whether the reader did not take the first row of a sheet for the names."""
    return bool(names) and all(name.startswith("Field") for name in names)


def _refused(to: OutputDestination, cause: str) -> OutputError:
    sentence = translate(
        "Rsgpt",
        "A {ending} file does not take these rows ({cause}). Write a GeoPackage (.gpkg), or leave out the columns "
        "that are not needed.",
    )
    return OutputError(sentence.format(ending=to.ending, cause=cause.strip() or "?"))
