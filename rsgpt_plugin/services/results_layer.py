"""The layer “RSGPT answers” of the project, and the row that an answer becomes. Asks nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsMemoryProviderUtils,
    QgsProject,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QCoreApplication

from ..errors import OutputError
from ..geo.columns import CAPTION
from ..geo.reading import yes_or_no
from ..geo.rows import plain
from ..geo.schema import output_fields
from ..geo.style import apply_style
from ..shared.questions import Question

translate = QCoreApplication.translate

_MARK = "rsgpt/answers"


class ResultsLayer:
    """Answers of all clicks, in one memory layer: what was asked, what was answered, and where it comes from."""

    def __init__(self, project: QgsProject) -> None:
        self._project = project

    def add(self, feature: QgsFeature, crs: QgsCoordinateReferenceSystem, question: Optional[Question]) -> str:
        """Add a row of `rsgpt:describeraster` and return its answer as text; empty where there is none."""
        layer = self.layer() or self._create(crs)
        row = QgsFeature(layer.fields())
        row.setGeometry(self._placed(feature, crs, layer))
        answer, confidence = _answer(feature, question)
        for name in set(layer.fields().names()) & set(feature.fields().names()):
            row[name] = feature[name]
        row["question"] = question.text if question else feature["prompt"]
        row["answer"] = answer or None
        row["confidence"] = confidence
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
        """Return the project's layer of answers, or None before the first."""
        marked = [layer for layer in self._project.mapLayers().values() if layer.customProperty(_MARK)]
        return marked[0] if marked else None

    def _create(self, crs: QgsCoordinateReferenceSystem) -> QgsVectorLayer:
        own = self._project.crs()
        layer = QgsMemoryProviderUtils.createMemoryLayer(
            translate("Rsgpt", "RSGPT answers"), _fields(), QgsWkbTypes.Type.Polygon, own if own.isValid() else crs
        )
        layer.setCustomProperty(_MARK, True)
        apply_style(layer)
        self._project.addMapLayer(layer, False)
        self._project.layerTreeRoot().insertLayer(0, layer)
        return layer

    def _placed(self, feature: QgsFeature, crs: QgsCoordinateReferenceSystem, layer: QgsVectorLayer) -> QgsGeometry:
        geometry = QgsGeometry(feature.geometry())
        geometry.transform(QgsCoordinateTransform(crs, layer.crs(), self._project.transformContext()))
        return geometry


def _fields() -> QgsFields:
    fields = QgsFields()
    usual = output_fields([])
    text = usual.field(CAPTION).type()
    for name in ("question", "answer"):
        fields.append(QgsField(name, text))
    for field in usual:
        if field.name() != CAPTION:
            fields.append(field)
    return fields


def _answer(feature: QgsFeature, question: Optional[Question]) -> tuple[str, object]:
    name = question.name if question else CAPTION
    value = feature[name]
    confidence = feature[f"{name}_confidence"] if question else feature["confidence"]
    return _as_text(value), plain(confidence)


def _as_text(value: object) -> str:
    if plain(value) is None:
        return ""
    return yes_or_no(value) if isinstance(value, bool) else str(value)


def reasons(features: Sequence[QgsFeature]) -> str:
    """Return why rows have no answer."""
    return "; ".join(str(feature["reason"]) for feature in features if feature["reason"] not in (None, NULL, ""))
