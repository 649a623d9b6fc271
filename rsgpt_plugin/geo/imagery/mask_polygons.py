"""Mask polygons of any CRS, reprojected to the CRS of a frame."""

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

from ...shared.rasters.regions import Region, contains_position, lattice, longitude_shifts, region_of
from ...shared.rasters.tiles import PixelGrid, Position
from ..transforms import checked_transform

_NOWHERE = (math.nan, math.nan)


@dataclass(frozen=True, eq=False)
class Ground:
    """A frame and its CRS. tile: the side of its tiles, in pixels."""

    frame: PixelGrid
    tile: int
    crs: QgsCoordinateReferenceSystem
    context: QgsCoordinateTransformContext

    def mask(self, polygons: Iterable[QgsGeometry], polygon_crs: QgsCoordinateReferenceSystem) -> QgsGeometry:
        """Return the union of the polygons near the frame, in the frame's CRS; empty if there are none.

        Polygons of another CRS are clipped and densified before they are reprojected, as straight edges become curves.
        """
        near = [polygon.makeValid() for polygon in polygons]
        if polygon_crs != self.crs:
            transform = checked_transform(polygon_crs, self.crs, self.context)
            region = self._region(transform, polygon_crs)
            near = [part for polygon in near for part in _reprojected(polygon, region, transform)]
        union = QgsGeometry.unaryUnion(near)
        if not self.crs.isGeographic() or union.isEmpty():
            return union
        copies = [QgsGeometry(union) for _ in longitude_shifts(self.frame)]
        for copy, turn in zip(copies, longitude_shifts(self.frame)):
            copy.transform(QTransform.fromTranslate(turn, 0.0))
        return QgsGeometry.unaryUnion(copies)

    def _region(self, transform: QgsCoordinateTransform, polygon_crs: QgsCoordinateReferenceSystem) -> Region:
        inverse = checked_transform(self.crs, polygon_crs, self.context)
        positions = [_position(inverse, position) for position in lattice(self.frame)]
        poles = None
        if polygon_crs.isGeographic():
            south, north = (
                contains_position(self.frame, _position(transform, (0.0, latitude))) for latitude in (-90.0, 90.0)
            )
            poles = (south, north)
        return region_of(self.frame, self.tile, positions, poles)


def _position(transform: QgsCoordinateTransform, position: Position) -> Position:
    try:
        point = transform.transform(*position)
    except QgsCsException:
        return _NOWHERE
    return point.x(), point.y()


def _reprojected(polygon: QgsGeometry, region: Region, transform: QgsCoordinateTransform) -> list[QgsGeometry]:
    """Return the polygon's parts in the region's boxes, reprojected. Parts that cannot be reprojected are left out."""
    parts = [polygon.intersection(QgsGeometry.fromRect(QgsRectangle(*box))) for box in region.boxes] or [polygon]
    reprojected = []
    for part in parts:
        if part.isEmpty():
            continue
        copy = part.densifyByDistance(region.step) if math.isfinite(region.step) else QgsGeometry(part)
        try:
            copy.transform(transform)
        except QgsCsException:
            continue
        reprojected.append(copy.makeValid())
    return reprojected
