"""Ground meters per pixel in any CRS that has an ellipsoid or a linear unit."""

from __future__ import annotations

import math

from pyproj import CRS, Transformer
from pyproj.database import get_units_map

from rsgpt_plugin.shared.rasters.ellipsoid import WGS84, Ellipsoid, pixel_cross, resolution, sides
from rsgpt_plugin.shared.rasters.tiles import PixelGrid, Window


class ProjGroundMeter:
    """Measures on the ellipsoid of a CRS, or in the linear unit of a local CRS. It belongs to one thread."""

    def __init__(self, crs: CRS) -> None:
        geodetic = crs.geodetic_crs
        geographic = geodetic if geodetic is not None and geodetic.is_geographic else None
        self._degrees = Transformer.from_crs(crs, geographic, always_xy=True) if geographic is not None else None
        ellipsoid = crs.ellipsoid
        self._ellipsoid = WGS84 if ellipsoid is None else Ellipsoid(
            ellipsoid.semi_major_metre, ellipsoid.semi_minor_metre
        )  # fmt: skip
        self._angle = math.degrees(geographic.axis_info[0].unit_conversion_factor) if geographic is not None else 0.0
        self._unit = _meters(crs) if geodetic is None else 0.0

    def resolution(self, frame: PixelGrid, window: Window) -> float | None:
        """Return the ground meters per pixel at the window's center, or None if unknown."""
        cross = pixel_cross(frame, window)
        if self._degrees is None:
            return resolution(self._unit * math.dist(*cross[:2]), self._unit * math.dist(*cross[2:]))
        eastings, northings = zip(*cross, strict=True)
        located = zip(*self._degrees.transform(eastings, northings), strict=True)
        return resolution(*sides(self._ellipsoid, [(x * self._angle, y * self._angle) for x, y in located]))


def _meters(crs: CRS) -> float:
    """Return the meters per unit of a local CRS; 0 for angles and unknown units."""
    axes = [axis for axis in crs.axis_info if axis.unit_name in get_units_map(category="linear")]
    return float(axes[0].unit_conversion_factor) if axes else 0.0
