"""Rows of a results layer, as a table shows, searches, and exports them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Optional

from qgis.core import NULL, QgsFeature, QgsFeatureRequest, QgsVectorLayer

from ...shared.results.columns import CHECKED, CORRECTED, REVIEWED_BY
from .column_roles import result_columns
from .display_values import DisplayColumn, Kind, display_text, shown_columns


class LayerRow(NamedTuple):
    """One feature.

    values, sure: value and confidence (0 to 1) per column, or None. confidence: of the row. models: the model's answers
    by the names of the corrected columns. text: the searched text, case folded. checked: the names of the columns that
    a person found right. reviewer: who corrected or checked the row last.
    """

    fid: int
    values: tuple[Any, ...]
    sure: tuple[Optional[float], ...]
    confidence: Optional[float]
    status: str
    reason: str
    sha256: str
    prompt: str
    models: dict[str, Any]
    text: str
    checked: frozenset[str] = frozenset()
    reviewer: str = ""


class RowReader:
    """Converts features of a layer to rows. Create a new reader after the layer's columns change."""

    def __init__(self, layer: QgsVectorLayer) -> None:
        self.columns: tuple[DisplayColumn, ...] = tuple(shown_columns(layer))
        known = result_columns(layer).known

        def index_of(name: str) -> int:
            return int(layer.fields().indexOf(known.get(name, "")))

        self._confidence, self._status, self._reason = index_of("confidence"), index_of("status"), index_of("reason")
        self._sha256, self._prompt, self._corrected = index_of("image_sha256"), index_of("prompt"), index_of(CORRECTED)
        self._checked, self._reviewer = index_of(CHECKED), index_of(REVIEWED_BY)
        self._models = {column.name: column.model for column in self.columns if column.model >= 0}

    def row(self, feature: QgsFeature) -> LayerRow:
        """Return the row of a feature."""
        values = [null_to_none(value) for value in feature.attributes()]

        def text(index: int) -> str:
            value = values[index] if 0 <= index < len(values) else None
            return "" if value is None else str(value)

        shown = tuple(_typed(values[column.index], column.kind) for column in self.columns)
        reason, corrected = text(self._reason), set(text(self._corrected).split())
        return LayerRow(
            feature.id(),
            shown,
            tuple(_number(values[column.confidence]) if column.confidence >= 0 else None for column in self.columns),
            _number(values[self._confidence]) if self._confidence >= 0 else None,
            text(self._status),
            reason,
            text(self._sha256),
            text(self._prompt),
            {name: values[index] for name, index in self._models.items() if name in corrected},
            self._search_text(shown, reason),
            frozenset(text(self._checked).split()),
            text(self._reviewer),
        )

    def _search_text(self, shown: Sequence[Any], reason: str) -> str:
        words = (display_text(v, c.kind) for v, c in zip(shown, self.columns) if c.kind is not Kind.CONFIDENCE)
        return "\n".join([*words, reason]).casefold()


def shown_confidence(row: LayerRow, number: int, column: DisplayColumn) -> Optional[float]:
    """Return the confidence of a cell, 0 to 1. That of the model does not apply to corrected answers and their rows."""
    if column.name in row.models or (column.kind is Kind.CONFIDENCE and row.models):
        return None
    return row.values[number] if column.kind is Kind.CONFIDENCE else row.sure[number]


def attributes_only() -> QgsFeatureRequest:
    """Return a request for features without geometry."""
    request = QgsFeatureRequest()
    request.setFlags(QgsFeatureRequest.Flag.NoGeometry)
    return request


def null_to_none(value: Any) -> Any:
    """Return the value of an attribute, with None for every kind of NULL."""
    return None if value is None or value == NULL else value


def _typed(value: Any, kind: Kind) -> Any:
    """Return the value as its kind requires: some formats store yes and no as 1 and 0."""
    return bool(value) if kind is Kind.YESNO and value is not None else value


def _number(value: Any) -> Optional[float]:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
