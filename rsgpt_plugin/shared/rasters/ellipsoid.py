"""Ground distances and meters per pixel on an ellipsoid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .tiles import PixelGrid, Position, Window


@dataclass(frozen=True)
class Ellipsoid:
    """Ellipsoid with semi-axes in meters."""

    semi_major: float
    semi_minor: float

    def distance(self, start: Position, end: Position) -> float:
        """Return the straight-line distance in meters of two nearby positions (longitude, latitude in degrees).

        Exact to one part in a billion up to one kilometer, including poles and the antimeridian.
        """
        return math.dist(self._cartesian(*start), self._cartesian(*end))

    def _cartesian(self, longitude: float, latitude: float) -> tuple[float, float, float]:
        east, north = math.radians(longitude), math.radians(latitude)
        ratio = (self.semi_minor / self.semi_major) ** 2
        radius = self.semi_major / math.sqrt(math.cos(north) ** 2 + ratio * math.sin(north) ** 2)
        across = radius * math.cos(north)
        return across * math.cos(east), across * math.sin(east), ratio * radius * math.sin(north)


WGS84 = Ellipsoid(6378137.0, 6356752.314245179)

# The range of resolutions that models get, in meters per pixel.
MIN_GSD_M, MAX_GSD_M = 0.001, 100_000.0


def pixel_cross(frame: PixelGrid, window: Window) -> list[Position]:
    """Return left, right, top and bottom end of a pixel at the window's center, in the frame's CRS."""
    x, y = window.x + window.width / 2.0, window.y + window.height / 2.0
    return [frame.point(x + dx, y + dy) for dx, dy in ((-0.5, 0.0), (0.5, 0.0), (0.0, -0.5), (0.0, 0.5))]


def sides(ellipsoid: Ellipsoid, cross: Sequence[Position]) -> tuple[float, float]:
    """Return the meters along row and column of a `pixel_cross` in degrees; 0 if they cannot be measured."""
    if not all(math.isfinite(longitude) and abs(latitude) <= 90.0 for longitude, latitude in cross):
        return 0.0, 0.0
    return ellipsoid.distance(cross[0], cross[1]), ellipsoid.distance(cross[2], cross[3])


def resolution(along: float, down: float) -> float | None:
    """Return meters per pixel, the geometric mean of both sides; None if unknown."""
    meters = math.sqrt(along * down) if along > 0 and down > 0 else 0.0
    return meters if meters > 0 and math.isfinite(meters) else None


def stated_resolution(gsd_m: float | None) -> float | None:
    """Return the meters per pixel to send to a model, with four digits; None if unknown or out of range.

    Rounding keeps the noise of coordinate transforms out of questions: plugin and batch ask the same about a tile.
    """
    rounded = float(f"{gsd_m:.4g}") if gsd_m else 0.0
    return rounded if MIN_GSD_M <= rounded <= MAX_GSD_M else None
