"""Polygons of any CRS in a frame's CRS, near the frame and true to their edges. Knows no tiles and no parameters."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsGeometry,
    QgsRectangle,
)
from qgis.PyQt.QtGui import QTransform

from ...shared.rasters.regions import Region, holds, lattice, region_of, turns
from ...shared.rasters.tiles import PixelGrid, Position
from ..transforms import checked_transform

_NOWHERE = (math.nan, math.nan)


@dataclass(frozen=True, eq=False)
class Ground:
    """A frame and its CRS. tile: side in pixels of the tiles that it is cut into."""

    frame: PixelGrid
    tile: int
    crs: QgsCoordinateReferenceSystem
    context: QgsCoordinateTransformContext

    def mask(self, polygons: Iterable[QgsGeometry], theirs: QgsCoordinateReferenceSystem) -> QgsGeometry:
        """The union of polygons of another CRS, as far as they lie near the frame; empty where none does.

        They are cut and segmentised before they are reprojected: straight lines do not stay straight.
        """
        near = [polygon.makeValid() for polygon in polygons]
        if theirs != self.crs:
            transform = checked_transform(theirs, self.crs, self.context)
            region = self._region(transform, theirs)
            near = [moved for polygon in near for moved in _moved(polygon, region, transform)]
        whole = QgsGeometry.unaryUnion(near)
        if not self.crs.isGeographic() or whole.isEmpty():
            return whole
        copies = [QgsGeometry(whole) for _ in turns(self.frame)]
        for copy, turn in zip(copies, turns(self.frame)):
            copy.transform(QTransform.fromTranslate(turn, 0.0))
        return QgsGeometry.unaryUnion(copies)

    def _region(self, transform: QgsCoordinateTransform, theirs: QgsCoordinateReferenceSystem) -> Region:
        inverse = checked_transform(self.crs, theirs, self.context)
        moved = [_position(inverse, position) for position in lattice(self.frame)]
        poles = None
        if theirs.isGeographic():
            south, north = (holds(self.frame, _position(transform, (0.0, latitude))) for latitude in (-90.0, 90.0))
            poles = (south, north)
        return region_of(self.frame, self.tile, moved, poles)


def _position(transform: QgsCoordinateTransform, position: Position) -> Position:
    try:
        moved = transform.transform(*position)
    except QgsCsException:
        return _NOWHERE
    return moved.x(), moved.y()


def _moved(polygon: QgsGeometry, region: Region, transform: QgsCoordinateTransform) -> list[QgsGeometry]:
    """The parts of a polygon in the region's boxes, reprojected; without what cannot be."""
    parts = [polygon.intersection(QgsGeometry.fromRect(QgsRectangle(*box))) for box in region.boxes] or [polygon]
    found = []
    for part in parts:
        if part.isEmpty():
            continue
        moved = part.densifyByDistance(region.step) if math.isfinite(region.step) else QgsGeometry(part)
        try:
            moved.transform(transform)
        except QgsCsException:
            continue
        found.append(moved.makeValid())
    return found
