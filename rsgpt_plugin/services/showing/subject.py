"""The answer whose thing is shown: its question, its picture, and the place of the picture on the map."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsDistanceArea,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsVectorLayer,
)

from ...client.installed_models import ModelInfo
from ...core.conversation_history import CapturedView, ConversationMessage
from ...geo.results.column_roles import ResultColumns, result_columns
from ...geo.results.layer_metadata import recorded_run
from ...geo.results.layer_rows import LayerRow, null_to_none
from ...processing.parameters import TILES
from ...shared.answers.answered_by import FINDER, answered_by
from ...shared.results.columns import ANSWERED_BY, CAPTION, QUESTION
from ..asking.scene import extent_of
from ..results.correcting.choices import asked_name, asked_text

_SAME_SIZE = 0.05  # relative difference of the sides of a tile from those of its picture


@dataclass(frozen=True)
class MapFrame:
    """The corners of a picture on the map, in `crs`."""

    top_left: QgsPointXY
    top_right: QgsPointXY
    bottom_left: QgsPointXY
    crs: QgsCoordinateReferenceSystem

    def point(self, x: float, y: float) -> QgsPointXY:
        """Return the place of a point. x, y: 0 to 1 from the top left corner of the picture."""
        first, right, down = self.top_left, self.top_right, self.bottom_left
        return QgsPointXY(
            first.x() + x * (right.x() - first.x()) + y * (down.x() - first.x()),
            first.y() + x * (right.y() - first.y()) + y * (down.y() - first.y()),
        )

    @property
    def is_clockwise(self) -> bool:
        """Whether right is clockwise of up, as on the ground seen from above; else the picture is mirrored."""
        first, right, down = self.top_left, self.top_right, self.bottom_left
        across, along = right - first, down - first
        return across.x() * along.y() < across.y() * along.x()


@dataclass(frozen=True)
class ShownSubject:
    """What is shown.

    frame: None if the place of the picture is unknown. png: the picture, b"" if it must be read from the store. model,
    fingerprint: of the model that answered. answered_by: the part of it that answered, "" if it is unknown.
    """

    question: str
    image_sha256: str
    gsd_m: Optional[float]
    frame: Optional[MapFrame]
    png: bytes = b""
    model: str = ""
    fingerprint: str = ""
    answered_by: str = ""

    @property
    def by_finder(self) -> bool:
        """Whether the finder of the model answered, so that there is something to show."""
        return self.answered_by == FINDER

    def is_answer_of(self, model: ModelInfo) -> bool:
        """Return whether a model gave the answer, as far as it is known."""
        if self.fingerprint and model.fingerprint:
            return self.fingerprint == model.fingerprint
        return not self.model or self.model == model.name


def message_subject(view: CapturedView, message: ConversationMessage, png: bytes = b"") -> ShownSubject:
    """Return the subject of an answer of a conversation."""
    extent = extent_of(view)
    frame = _frame(QgsGeometry.fromRect(extent), extent.crs())
    if view.corners:
        first, right, down = (QgsPointXY(*corner) for corner in view.corners)
        frame = MapFrame(first, right, down, extent.crs())
    return ShownSubject(
        message.question.text if message.question else message.text,
        view.image_sha256,
        view.gsd_m or None,
        frame,
        png,
        message.model,
        message.fingerprint,
        message.answered_by,
    )


def row_subject(layer: QgsVectorLayer, row: LayerRow, column: str) -> Optional[ShownSubject]:
    """Return the subject of the answer in a column of a results layer; None if it answers no question."""
    columns = result_columns(layer)
    if not row.sha256 or (column == columns.text and not columns.holds_clicks):
        return None
    feature = layer.getFeature(row.fid)
    name = asked_name(columns, column)
    question = _text(columns, feature, QUESTION) if columns.holds_clicks else asked_text(row.prompt, name)
    if not (feature.isValid() and question) or columns.known.get(CAPTION) == column:
        return None
    gsd_m = _value(columns, feature, "gsd_m")
    run = recorded_run(layer)
    return ShownSubject(
        question,
        row.sha256,
        float(gsd_m) if gsd_m else None,
        _frame(feature.geometry(), layer.crs(), run is not None and run.algorithm == TILES) if gsd_m else None,
        model=_text(columns, feature, "model"),
        fingerprint=_text(columns, feature, "model_fingerprint"),
        answered_by=_part(columns, feature, name),
    )


def fits(frame: MapFrame, width: int, height: int, gsd_m: Optional[float]) -> bool:
    """Return whether a picture of this size in pixels fills the frame, which may be of a feature inside of it."""
    measure = QgsDistanceArea()
    project = QgsProject.instance()
    measure.setSourceCrs(frame.crs, project.transformContext())
    measure.setEllipsoid(project.ellipsoid() if project.ellipsoid() != "NONE" else "EPSG:7030")
    across = measure.measureLine(frame.top_left, frame.top_right)
    down = measure.measureLine(frame.top_left, frame.bottom_left)
    if not (across > 0 and down > 0 and width > 0 and height > 0):
        return False
    pairs = [(across / down, width / height)]
    if gsd_m:
        pairs.append((math.sqrt(across * down), gsd_m * math.sqrt(width * height)))
    return all(abs(one - other) <= _SAME_SIZE * other for one, other in pairs)


def _frame(geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem, is_tile: bool = False) -> Optional[MapFrame]:
    """Return the corners of the picture of a quadrangle; None for other geometries.

    is_tile: whether the run drew the quadrangle, from the top left corner of the picture. Otherwise the top of the
    picture is taken to be that of the map, unless the quadrangle is turned as a tile may be.
    """
    ring = [QgsPointXY(vertex) for vertex in geometry.vertices()] if not geometry.isEmpty() else []
    if len(ring) != 5 or ring[0] != ring[4]:
        return None
    north_up = MapFrame(
        max(ring, key=lambda corner: corner.y() - corner.x()),
        max(ring, key=lambda corner: corner.x() + corner.y()),
        min(ring, key=lambda corner: corner.x() + corner.y()),
        crs,
    )
    drawn = MapFrame(ring[0], ring[1], ring[3], crs)
    return drawn if (is_tile or drawn.is_clockwise) and ring[0] != north_up.top_left else north_up


def _part(columns: ResultColumns, feature: QgsFeature, name: str) -> str:
    """Return the part of the model that answered a question, "" if it is unknown."""
    text = _text(columns, feature, ANSWERED_BY)
    return text.rpartition(": ")[2] if columns.holds_clicks else answered_by(text, name)


def _text(columns: ResultColumns, feature: QgsFeature, name: str) -> str:
    return str(_value(columns, feature, name) or "")


def _value(columns: ResultColumns, feature: QgsFeature, name: str) -> Any:
    """Return a value by the name of its column in the results schema, None without the column or the feature."""
    column = columns.known.get(name)
    return null_to_none(feature[column]) if column and feature.isValid() else None
