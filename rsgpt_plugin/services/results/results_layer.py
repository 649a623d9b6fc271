"""The project's layer “RSGPT answers”, and the rows that are added to it."""

from __future__ import annotations

from collections.abc import Sequence
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
from ...geo.results.schema import field_of, output_fields
from ...geo.results.style import apply_style
from ...geo.transforms import transform_between
from ...shared.answers.questions import Question
from ...shared.results.columns import ANSWER, CAPTION, CONFIDENCE, QUESTION, answer_columns, column

translate = QCoreApplication.translate

_MARK = "rsgpt/answers"


class ResultsLayer:
    """A memory layer with the answers about single places: question, answer and provenance."""

    def __init__(self, project: QgsProject) -> None:
        self._project = project

    def add(self, feature: QgsFeature, crs: QgsCoordinateReferenceSystem, question: Optional[Question]) -> str:
        """Add a row of `rsgpt:describeraster`, given in `crs`; return its answer as text, "" if there is none.

        Raises OutputError if the layer does not accept the row.
        """
        layer = self.layer() or self._create(crs)
        row = QgsFeature(layer.fields())
        row.setGeometry(self._transformed(feature, crs, layer))
        answer, confidence = _answer(feature, question)
        for name in set(layer.fields().names()) & set(feature.fields().names()):
            row[name] = feature[name]
        row[QUESTION] = question.text if question else feature["prompt"]
        row[ANSWER] = answer or None
        row[CONFIDENCE] = confidence
        added, _ = layer.dataProvider().addFeatures([row])
        if not added:
            raise OutputError(
                translate(
                    "Rsgpt",
                    "The answer could not be added to the layer “RSGPT answers”. Remove that layer, then ask again.",
                )
            )
        layer.updateExtents()
        layer.triggerRepaint()
        return answer

    def layer(self) -> Optional[QgsVectorLayer]:
        """Return the project's results layer; None before the first answer."""
        layers = [layer for layer in self._project.mapLayers().values() if layer.customProperty(_MARK)]
        return layers[0] if layers else None

    def _create(self, crs: QgsCoordinateReferenceSystem) -> QgsVectorLayer:
        project_crs = self._project.crs()
        layer = QgsMemoryProviderUtils.createMemoryLayer(
            translate("Rsgpt", "RSGPT answers"),
            _fields(),
            QgsWkbTypes.Type.Polygon,
            project_crs if project_crs.isValid() else crs,
        )
        layer.setCustomProperty(_MARK, True)
        apply_style(layer)
        self._project.addMapLayer(layer, False)
        self._project.layerTreeRoot().insertLayer(0, layer)
        return layer

    def _transformed(
        self, feature: QgsFeature, crs: QgsCoordinateReferenceSystem, layer: QgsVectorLayer
    ) -> QgsGeometry:
        """Return the geometry in the layer's CRS.

        Raises OutputError if it has no location there: QGIS raises an exception or returns infinite coordinates.
        """
        geometry = QgsGeometry(feature.geometry())
        try:
            geometry.transform(transform_between(crs, layer.crs(), self._project.transformContext()))
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
        raise OutputError(message.format(crs=layer.crs().userFriendlyIdentifier()))


def _fields() -> QgsFields:
    fields = QgsFields()
    for name in (QUESTION, ANSWER):
        fields.append(field_of(column(name)))
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


def reasons(features: Sequence[QgsFeature]) -> str:
    """Return the reasons of rows without an answer, separated by "; "."""
    return "; ".join(str(feature["reason"]) for feature in features if feature["reason"] not in (None, NULL, ""))
