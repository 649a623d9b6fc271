"""Mask polygons of any CRS, reprojected to the CRS of a frame, and the windows that overlap an area."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsFeatureRequest,
    QgsGeometry,
    QgsPoint,
    QgsProcessingFeatureSource,
    QgsRectangle,
)
from qgis.PyQt.QtGui import QTransform

from ...errors import ImageryError
from ...shared.i18n import translate
from ...shared.rasters.regions import Region, contains_position, lattice, longitude_shifts, region_of
from ...shared.rasters.tiles import PixelGrid, Position, Window
from ..transforms import checked_transform, is_bounded
from .tile_geometry import QgisGrid

# Invalid polygons are accepted. QGIS's own check crashes Python if it is set to stop on invalid features.
UNCHECKED = QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks
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


class PreparedArea:
    """An area in the CRS of a frame, for many tests. It belongs to one thread."""

    def __init__(self, area: QgsGeometry, frame: QgisGrid) -> None:
        self._area, self._frame = area, frame  # the engine uses the area without owning it
        self._engine = QgsGeometry.createGeometryEngine(area.constGet())
        self._engine.prepareGeometry()
        self._bounds = frame.window(area)

    def overlaps(self, window: Window) -> bool:
        """Return whether a window overlaps the area; it is shrunk slightly because sharing an edge is not enough."""
        bounds = self._bounds
        if window.x > bounds.x + bounds.width or window.x + window.width < bounds.x:
            return False
        if window.y > bounds.y + bounds.height or window.y + window.height < bounds.y:
            return False
        polygon = self._frame.polygon(window)
        # The variable keeps the geometry alive while the engine uses constGet().
        smaller = polygon.buffer(-1e-4 * math.sqrt(polygon.area()), 1)
        return bool(self._engine.intersects(smaller.constGet()))

    def holds(self, x: float, y: float) -> bool:
        """Return whether a position in pixels of the frame lies in the area."""
        return bool(self._engine.intersects(QgsPoint(*self._frame.point(x, y))))


def masked_area(area: QgsGeometry, mask: QgsProcessingFeatureSource | None, ground: Ground) -> QgsGeometry:
    """Return the part of an area under a mask; all of it if there is none. Raises ImageryError for a useless mask."""
    if mask is None:
        return area
    if not mask.sourceCrs().isValid():
        raise ImageryError(translate("Rsgpt", "The mask has no coordinate system. Set one in the layer properties."))
    features = mask.getFeatures(QgsFeatureRequest().setNoAttributes(), UNCHECKED)
    polygons = [feature.geometry() for feature in features if _is_area(feature.geometry())]
    if not polygons:
        raise ImageryError(translate("Rsgpt", "The mask has no polygon with a valid location. Choose another mask."))
    masked = area.intersection(ground.mask(polygons, mask.sourceCrs()))
    if masked.isEmpty() or masked.area() <= 0:
        raise ImageryError(
            translate(
                "Rsgpt", "The polygons of the mask do not overlap the area. Check the coordinate system of the mask."
            )
        )
    return masked


def _is_area(geometry: QgsGeometry) -> bool:
    return bool(is_bounded(geometry) and geometry.type() == Qgis.GeometryType.Polygon)


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
