"""Ground metres per pixel, anywhere and in any CRS that lies on an ellipsoid or has a linear unit. Knows no raster."""

from __future__ import annotations

import math
from collections.abc import Sequence

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsEllipsoidUtils,
    QgsPointXY,
    QgsUnitTypes,
)

from ...shared.rasters.ellipsoid import WGS84, Ellipsoid, pixel_cross, resolution, sides
from ...shared.rasters.tiles import PixelGrid, Position, Window


class QgisGroundMeter:
    """Measures on the CRS's own ellipsoid; a local CRS without one is measured in its linear unit."""

    def __init__(self, crs: QgsCoordinateReferenceSystem, context: QgsCoordinateTransformContext) -> None:
        is_local = crs.type() == Qgis.CrsType.Engineering
        degrees = QgsCoordinateReferenceSystem() if is_local else crs.toGeographicCrs()
        self._degrees = QgsCoordinateTransform(crs, degrees, context) if _is_in_degrees(degrees) else None
        self._ellipsoid = _ellipsoid(crs.ellipsoidAcronym())
        self._unit = _metres(crs.mapUnits()) if is_local else 0.0

    def pixel_sides(self, frame: PixelGrid, window: Window) -> tuple[float, float]:
        """Metres along a pixel's row and column at the window's centre; 0 where they cannot be measured."""
        return self._sides(pixel_cross(frame, window))

    def resolution(self, frame: PixelGrid, window: Window) -> float | None:
        """Ground metres per pixel at the window's centre; None where it is unknown."""
        return resolution(*self.pixel_sides(frame, window))

    def unit_sides(self, point: QgsPointXY, step: float) -> tuple[float, float]:
        """Metres of one CRS unit eastward and northward at `point`, measured over `step` units."""
        frame = PixelGrid((point.x() - step / 2.0, step, 0.0, point.y() + step / 2.0, 0.0, -step), 1, 1)
        east, north = self._sides(pixel_cross(frame, frame.whole))
        return east / step, north / step

    def _sides(self, cross: Sequence[Position]) -> tuple[float, float]:
        if self._degrees is None:
            return self._unit * math.dist(cross[0], cross[1]), self._unit * math.dist(cross[2], cross[3])
        try:
            located = [self._degrees.transform(*position) for position in cross]
        except QgsCsException:
            return 0.0, 0.0
        return sides(self._ellipsoid, [(point.x(), point.y()) for point in located])


def _is_in_degrees(crs: QgsCoordinateReferenceSystem) -> bool:
    return bool(crs.isValid() and crs.mapUnits() == Qgis.DistanceUnit.Degrees)


def _ellipsoid(acronym: str) -> Ellipsoid:
    found = QgsEllipsoidUtils.ellipsoidParameters(acronym)
    return Ellipsoid(found.semiMajor, found.semiMinor) if found.valid and found.semiMinor > 0 else WGS84


def _metres(unit: Qgis.DistanceUnit) -> float:
    """Metres of a linear unit; 0 of an angle or of one that is not known."""
    if unit in (Qgis.DistanceUnit.Degrees, Qgis.DistanceUnit.Unknown):
        return 0.0
    return float(QgsUnitTypes.fromUnitToUnitFactor(unit, Qgis.DistanceUnit.Meters))
