"""Ground resolution in meters per pixel, in any CRS that has an ellipsoid or a linear unit."""

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
    """Measures distances on the ellipsoid of the CRS, or in the linear unit of a local CRS without an ellipsoid."""

    def __init__(self, crs: QgsCoordinateReferenceSystem, context: QgsCoordinateTransformContext) -> None:
        is_local = crs.type() == Qgis.CrsType.Engineering
        degrees = QgsCoordinateReferenceSystem() if is_local else crs.toGeographicCrs()
        self._degrees = QgsCoordinateTransform(crs, degrees, context) if _is_in_degrees(degrees) else None
        self._ellipsoid = _ellipsoid(crs.ellipsoidAcronym())
        self._unit = _meters(crs.mapUnits()) if is_local else 0.0

    def pixel_sides(self, frame: PixelGrid, window: Window) -> tuple[float, float]:
        """Return a pixel's width and height in meters at the window's center; 0 if they cannot be measured."""
        return self._sides(pixel_cross(frame, window))

    def resolution(self, frame: PixelGrid, window: Window) -> float | None:
        """Return the meters per pixel at the window's center; None if they cannot be measured."""
        return resolution(*self.pixel_sides(frame, window))

    def unit_sides(self, point: QgsPointXY, step: float) -> tuple[float, float]:
        """Return the meters per CRS unit eastward and northward at `point`, measured over `step` units."""
        frame = PixelGrid((point.x() - step / 2.0, step, 0.0, point.y() + step / 2.0, 0.0, -step), 1, 1)
        east, north = self._sides(pixel_cross(frame, frame.whole))
        return east / step, north / step

    def _sides(self, cross: Sequence[Position]) -> tuple[float, float]:
        if self._degrees is None:
            return self._unit * math.dist(cross[0], cross[1]), self._unit * math.dist(cross[2], cross[3])
        try:
            points = [self._degrees.transform(*position) for position in cross]
        except QgsCsException:
            return 0.0, 0.0
        return sides(self._ellipsoid, [(point.x(), point.y()) for point in points])


def _is_in_degrees(crs: QgsCoordinateReferenceSystem) -> bool:
    return bool(crs.isValid() and crs.mapUnits() == Qgis.DistanceUnit.Degrees)


def _ellipsoid(acronym: str) -> Ellipsoid:
    axes = QgsEllipsoidUtils.ellipsoidParameters(acronym)
    return Ellipsoid(axes.semiMajor, axes.semiMinor) if axes.valid and axes.semiMinor > 0 else WGS84


def _meters(unit: Qgis.DistanceUnit) -> float:
    """Return the meters per linear unit; 0 for angles and unknown units."""
    if unit in (Qgis.DistanceUnit.Degrees, Qgis.DistanceUnit.Unknown):
        return 0.0
    return float(QgsUnitTypes.fromUnitToUnitFactor(unit, Qgis.DistanceUnit.Meters))
