"""Ground metres a pixel, anywhere and in any CRS. Knows no raster."""

from __future__ import annotations

import math

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsDistanceArea,
    QgsPointXY,
)

from .grid import Frame, Window

# For a CRS without a listed ellipsoid: QGIS measures nothing on one that is given by its axes alone, and
# the ellipsoids in use differ by less than a thousandth.
_FALLBACK_ELLIPSOID = "EPSG:7030"


class GroundMeter:
    """Measures on the CRS's ellipsoid; degrees, feet and CRSs without an authority code are fine."""

    def __init__(self, crs: QgsCoordinateReferenceSystem, context: QgsCoordinateTransformContext) -> None:
        self._area = QgsDistanceArea()
        self._area.setSourceCrs(crs, context)
        listed = crs.ellipsoidAcronym()
        unlisted = not listed or listed.startswith("PARAMETER:")
        self._area.setEllipsoid(_FALLBACK_ELLIPSOID if unlisted else listed)

    def metres(self, start: QgsPointXY, end: QgsPointXY) -> float:
        """The length in metres of a line in the CRS; 0 where it cannot be measured."""
        length = self._area.measureLine(start, end)
        metres = self._area.convertLengthMeasurement(length, Qgis.DistanceUnit.Meters)
        return metres if math.isfinite(metres) else 0.0

    def pixel_sides(self, frame: Frame, window: Window) -> tuple[float, float]:
        """Metres along a pixel's row and column at the window's centre."""
        x, y = window.x + window.width / 2.0, window.y + window.height / 2.0
        along = self.metres(frame.point(x - 0.5, y), frame.point(x + 0.5, y))
        down = self.metres(frame.point(x, y - 0.5), frame.point(x, y + 0.5))
        return along, down

    def resolution(self, frame: Frame, window: Window) -> float:
        """Ground metres a pixel at the window's centre: the geometric mean of the two sides."""
        along, down = self.pixel_sides(frame, window)
        return math.sqrt(along * down)

    def unit_sides(self, point: QgsPointXY, step: float) -> tuple[float, float]:
        """Metres of one CRS unit eastward and northward at `point`, measured over `step` units."""
        half = step / 2.0
        east = self.metres(QgsPointXY(point.x() - half, point.y()), QgsPointXY(point.x() + half, point.y()))
        north = self.metres(QgsPointXY(point.x(), point.y() - half), QgsPointXY(point.x(), point.y() + half))
        return east / step, north / step
