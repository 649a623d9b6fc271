"""Ground metres a pixel, in any CRS that lies on an ellipsoid. Knows no pixels."""

from __future__ import annotations

import math

from pyproj import CRS, Geod, Transformer

from .grid import Frame, Window


class GroundMeter:
    """Geodesics on a CRS's own ellipsoid; belongs to one thread."""

    def __init__(self, crs: CRS) -> None:
        geodetic = crs.geodetic_crs
        self._geod = crs.get_geod() or Geod(ellps="WGS84")
        self._degrees = Transformer.from_crs(crs, geodetic, always_xy=True) if geodetic is not None else None

    def resolution(self, frame: Frame, window: Window) -> float:
        """Ground metres a pixel at the window's centre: the geometric mean of the two sides; 0 if it is unknown."""
        if self._degrees is None:
            return 0.0
        x, y = window.x + window.width / 2.0, window.y + window.height / 2.0
        pixels = [(x - 0.5, y), (x + 0.5, y), (x, y - 0.5), (x, y + 0.5)]
        eastings, northings = zip(*(frame.point(*one) for one in pixels), strict=True)
        longitudes, latitudes = self._degrees.transform(eastings, northings)
        _, _, sides = self._geod.inv(longitudes[::2], latitudes[::2], longitudes[1::2], latitudes[1::2])
        metres = math.sqrt(sides[0] * sides[1])
        return metres if math.isfinite(metres) else 0.0
