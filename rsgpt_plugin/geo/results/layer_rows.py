"""Rows of a results layer as light values: what a table shows, searches and exports. Knows no widget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Optional

from qgis.core import NULL, QgsFeature, QgsFeatureRequest, QgsVectorLayer

from ...shared.results.columns import CORRECTED
from .column_roles import result_columns
from .display_values import DisplayColumn, Kind, in_words, shown_columns


class LayerRow(NamedTuple):
    """One feature. values, sure: by column, None where there is none; confidences are 0 to 1.

    confidence: of the row. models: what the model had said, by the name of a corrected column.
    text: all that a search looks through, case folded.
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


class RowReader:
    """Makes rows of one layer's features, as its columns are now."""

    def __init__(self, layer: QgsVectorLayer) -> None:
        self.columns: tuple[DisplayColumn, ...] = tuple(shown_columns(layer))
        known = result_columns(layer).known

        def place(name: str) -> int:
            return int(layer.fields().indexOf(known.get(name, "")))

        self._confidence, self._status, self._reason = place("confidence"), place("status"), place("reason")
        self._sha256, self._prompt, self._corrected = place("image_sha256"), place("prompt"), place(CORRECTED)
        self._models = {column.name: column.model for column in self.columns if column.model >= 0}

    def row(self, feature: QgsFeature) -> LayerRow:
        """The feature as a row."""
        values = [plain(value) for value in feature.attributes()]

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
            self._searched(shown, reason),
        )

    def _searched(self, shown: Sequence[Any], reason: str) -> str:
        words = (in_words(v, c.kind) for v, c in zip(shown, self.columns) if c.kind is not Kind.CONFIDENCE)
        return "\n".join([*words, reason]).casefold()


def attributes_only() -> QgsFeatureRequest:
    """A request for features without their geometry."""
    request = QgsFeatureRequest()
    request.setFlags(QgsFeatureRequest.Flag.NoGeometry)
    return request


def plain(value: Any) -> Any:
    """A value of a feature, None for a null of any kind."""
    return None if value is None or value == NULL else value


def _typed(value: Any, kind: Kind) -> Any:
    """The value as its kind has it: a format may keep yes and no as 1 and 0."""
    return bool(value) if kind is Kind.YESNO and value is not None else value


def _number(value: Any) -> Optional[float]:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
