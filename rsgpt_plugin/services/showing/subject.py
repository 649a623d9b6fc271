"""The answer whose thing is shown: its question, its picture, and the place of the picture on the map."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsDistanceArea,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsVectorLayer,
)

from ...core.conversation_history import CapturedView, ConversationMessage
from ...geo.results.column_roles import result_columns
from ...geo.results.layer_rows import LayerRow, null_to_none
from ...shared.results.columns import CAPTION, QUESTION
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


@dataclass(frozen=True)
class ShownSubject:
    """What is shown. png: the picture, b"" if it must be read from the store; frame: None if its place is unknown."""

    question: str
    image_sha256: str
    gsd_m: Optional[float]
    frame: Optional[MapFrame]
    png: bytes = b""


def message_subject(view: CapturedView, message: ConversationMessage, png: bytes = b"") -> ShownSubject:
    """Return the subject of an answer of a conversation."""
    extent = extent_of(view)
    corners = (
        QgsPointXY(extent.xMinimum(), extent.yMaximum()),
        QgsPointXY(extent.xMaximum(), extent.yMaximum()),
        QgsPointXY(extent.xMinimum(), extent.yMinimum()),
    )
    question = message.question.text if message.question else message.text
    return ShownSubject(question, view.image_sha256, view.gsd_m or None, MapFrame(*corners, extent.crs()), png)


def row_subject(layer: QgsVectorLayer, row: LayerRow, column: str) -> Optional[ShownSubject]:
    """Return the subject of the answer in a column of a results layer; None if it answers no question."""
    columns = result_columns(layer)
    if not row.sha256 or (column == columns.text and not columns.holds_clicks):
        return None
    feature = layer.getFeature(row.fid)
    if columns.holds_clicks:
        question = str(null_to_none(feature[columns.known[QUESTION]]) or "")
    else:
        question = asked_text(row.prompt, asked_name(columns, column))
    if not question or columns.known.get(CAPTION) == column:
        return None
    gsd_m = null_to_none(feature[columns.known["gsd_m"]]) if "gsd_m" in columns.known else None
    frame = _frame(feature.geometry(), layer.crs(), gsd_m)
    return ShownSubject(question, row.sha256, float(gsd_m) if gsd_m else None, frame)


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


def _frame(geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem, gsd_m: object) -> Optional[MapFrame]:
    """Return the corners of a tile; None for geometries other than quadrangles."""
    corners = [QgsPointXY(vertex) for vertex in geometry.vertices()] if not geometry.isEmpty() else []
    if len(corners) != 5 or corners[0] != corners[4] or not gsd_m:
        return None
    return MapFrame(
        max(corners, key=lambda corner: corner.y() - corner.x()),
        max(corners, key=lambda corner: corner.x() + corner.y()),
        min(corners, key=lambda corner: corner.x() + corner.y()),
        crs,
    )
