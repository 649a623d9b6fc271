"""The project's layer “RSGPT answers”, and the rows that are added to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsCsException,
    QgsFeature,
    QgsFields,
    QgsGeometry,
    QgsMemoryProviderUtils,
    QgsProject,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QCoreApplication

from ...errors import OutputError
from ...geo.results.display_values import yes_or_no
from ...geo.results.layer_rows import null_to_none
from ...geo.results.schema import field_of, fields_of, output_fields
from ...geo.results.styles.style import apply_style
from ...geo.transforms import transform_between
from ...shared.answers.questions import Question
from ...shared.results.columns import ANSWER, CAPTION, CONFIDENCE, QUESTION, answer_columns, column
from .answers_file import check_answers, open_answers
from .layer_edits import add_columns

translate = QCoreApplication.translate

_MARK = "rsgpt/answers"


class ResultsLayer:
    """The layer with the answers about single places: question, answer and provenance.

    Its rows are in a GeoPackage. If that cannot be written, they are in a memory layer until the next answer.
    """

    def __init__(self, project: QgsProject) -> None:
        self._project = project
        self.problem = ""  # why the latest rows are only in memory, or in a file elsewhere

    def add(self, feature: QgsFeature, crs: QgsCoordinateReferenceSystem, question: Optional[Question]) -> str:
        """Add a row of `rsgpt:describeraster`, given in `crs`; return its answer as text, "" if there is none.

        Raises OutputError if the row cannot be added even to a memory layer.
        """
        self.add_all([feature], crs, question)
        return _answer(feature, question)[0]

    def add_all(
        self, features: Sequence[QgsFeature], crs: QgsCoordinateReferenceSystem, question: Optional[Question]
    ) -> None:
        """Add rows as `add` does."""
        self.problem = ""
        rows = _Rows(features, crs, question)
        try:
            self._keep(rows)
        except OutputError as error:
            self._hold(rows)
            message = translate(
                "Rsgpt", "The answer is kept in memory only, and is lost when QGIS is closed. {problem}"
            )
            self.problem = message.format(problem=error)

    def layer(self) -> Optional[QgsVectorLayer]:
        """Return the project's results layer; None before the first answer."""
        return self._layer(is_memory=False) or self._layer(is_memory=True)

    def _layer(self, *, is_memory: bool) -> Optional[QgsVectorLayer]:
        layers = [layer for layer in self._project.mapLayers().values() if layer.customProperty(_MARK)]
        return next((layer for layer in layers if (layer.providerType() == "memory") is is_memory), None)

    def _keep(self, rows: _Rows) -> None:
        """Append the rows, and those of the memory layer, to the file. Raises OutputError if it cannot be written."""
        layer, notice = self._layer(is_memory=False), ""
        if layer is None:
            crs = self._new_crs(rows.crs)
            rows.for_layer(_fields(), crs, self._project)  # raises before a file is created
            layer, notice = open_answers(self._project, _name(), _fields(), crs)
        check_answers(layer)
        memory = self._layer(is_memory=True)
        _complete(layer, memory)
        features = rows.for_layer(layer.fields(), layer.crs(), self._project)
        if memory is not None:
            held = _Rows(list(memory.getFeatures()), memory.crs())
            features = held.for_layer(layer.fields(), layer.crs(), self._project) + features
        _append(layer, features)
        self._show(layer)
        if memory is not None:
            self._project.removeMapLayer(memory)
        self.problem = notice

    def _hold(self, rows: _Rows) -> None:
        layer = self._layer(is_memory=True)
        if layer is None:
            crs = self._new_crs(rows.crs)
            rows.for_layer(_fields(), crs, self._project)  # raises before a layer is created
            layer = self._create(crs)
        _complete(layer)
        _append(layer, rows.for_layer(layer.fields(), layer.crs(), self._project))
        self._show(layer)

    def _create(self, crs: QgsCoordinateReferenceSystem) -> QgsVectorLayer:
        layer = QgsMemoryProviderUtils.createMemoryLayer(_name(), _fields(), QgsWkbTypes.Type.Polygon, crs)
        self._show(layer)
        return layer

    def _new_crs(self, crs: QgsCoordinateReferenceSystem) -> QgsCoordinateReferenceSystem:
        return self._project.crs() if self._project.crs().isValid() else crs

    def _show(self, layer: QgsVectorLayer) -> None:
        if self._project.mapLayer(layer.id()) is None:
            layer.setCustomProperty(_MARK, True)
            if not layer.mapTipTemplate():
                apply_style(layer)
            self._project.addMapLayer(layer, False)
            self._project.layerTreeRoot().insertLayer(0, layer)
        layer.updateExtents()
        layer.triggerRepaint()


@dataclass(frozen=True)
class _Rows:
    """Rows of an algorithm and their question, None for a description; or rows of a results layer."""

    features: Sequence[QgsFeature]
    crs: QgsCoordinateReferenceSystem
    question: Optional[Question] = None

    def for_layer(self, fields: QgsFields, crs: QgsCoordinateReferenceSystem, project: QgsProject) -> list[QgsFeature]:
        """Return the rows with these fields, in this CRS. Raises OutputError if they have no location in it."""
        return [self._row(feature, fields, crs, project) for feature in self.features]

    def _row(
        self, feature: QgsFeature, fields: QgsFields, crs: QgsCoordinateReferenceSystem, project: QgsProject
    ) -> QgsFeature:
        row = QgsFeature(fields)
        row.setGeometry(_transformed(feature, self.crs, crs, project))
        for name in set(fields.names()) & set(feature.fields().names()):
            row[name] = feature[name]
        if QUESTION not in feature.fields().names():
            answer, confidence = _answer(feature, self.question)
            row[QUESTION] = self.question.text if self.question else feature["prompt"]
            row[ANSWER], row[CONFIDENCE] = answer or None, confidence
        return row


def _name() -> str:
    return translate("Rsgpt", "RSGPT answers")


def _complete(layer: QgsVectorLayer, memory: Optional[QgsVectorLayer] = None) -> None:
    """Add the columns of the answer, and those that a user or a correction added to `memory`, if the layer lacks them.

    Raises OutputError if that is not possible now.
    """
    own = _fields()
    added = [field for field in memory.fields() if own.indexOf(field.name()) < 0] if memory is not None else []
    needed = [field_of(column(name)) for name in (QUESTION, ANSWER, CONFIDENCE)] + added
    missing = [field.name() for field in needed if layer.fields().indexOf(field.name()) < 0]
    if missing and layer.isEditable():  # a column would be in the edit session, but the rows are written directly
        message = translate("Rsgpt", "Save the edits of the layer “{layer}”, which lacks the column “{column}”.")
        raise OutputError(message.format(layer=layer.name(), column=missing[0]))
    add_columns(layer, needed)


def _append(layer: QgsVectorLayer, features: Sequence[QgsFeature]) -> None:
    provider = layer.dataProvider()
    added, _ = provider.addFeatures(list(features))
    if not added:
        message = translate("Rsgpt", "The answer could not be added to the layer “RSGPT answers” ({cause}).")
        raise OutputError(message.format(cause=provider.lastError() or layer.source()))


def _transformed(
    feature: QgsFeature, crs: QgsCoordinateReferenceSystem, to: QgsCoordinateReferenceSystem, project: QgsProject
) -> QgsGeometry:
    """Return the geometry in another CRS.

    Raises OutputError if it has no location there: QGIS raises an exception or returns infinite coordinates.
    """
    geometry = QgsGeometry(feature.geometry())
    try:
        geometry.transform(transform_between(crs, to, project.transformContext()))
        is_located = geometry.boundingBox().isFinite()
    except QgsCsException:
        is_located = False
    if is_located:
        return geometry
    message = translate(
        "Rsgpt",
        "The answer has no location in the coordinate system of the layer “RSGPT answers” ({crs}). Choose another "
        "coordinate system for the project, remove that layer, then ask again.",
    )
    raise OutputError(message.format(crs=to.userFriendlyIdentifier()))


def _fields() -> QgsFields:
    fields = fields_of(column(name) for name in (QUESTION, ANSWER))
    for field in output_fields([]):
        if field.name() != CAPTION:
            fields.append(field)
    return fields


def _answer(feature: QgsFeature, question: Optional[Question]) -> tuple[str, object]:
    name, confidence = answer_columns(question.name) if question else (CAPTION, CONFIDENCE)
    return _as_text(feature[name]), null_to_none(feature[confidence])


def _as_text(value: object) -> str:
    if null_to_none(value) is None:
        return ""
    return yes_or_no(value) if isinstance(value, bool) else str(value)


def answer_texts(features: Sequence[QgsFeature], question: Optional[Question]) -> list[str]:
    """Return the answer of each row as text, "" if there is none."""
    return [_answer(feature, question)[0] for feature in features]


def reasons(features: Sequence[QgsFeature]) -> str:
    """Return the different reasons of rows, separated by "; "."""
    texts = (str(feature["reason"]) for feature in features if feature["reason"] not in (None, NULL, ""))
    return "; ".join(dict.fromkeys(texts))
