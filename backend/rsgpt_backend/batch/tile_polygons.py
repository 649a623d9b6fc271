"""The shared tile arithmetic as shapely polygons. Knows no bands, no model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from pyproj import CRS, Transformer

from rsgpt_plugin.shared.rasters import tiles
from rsgpt_plugin.shared.rasters.regions import lattice
from rsgpt_plugin.shared.rasters.tiles import TileGrid, Window

from ..data.library_errors import foreign_errors
from ..errors import ImageError

__all__ = ["ShapelyGrid", "TileGrid", "Window", "check_output_crs", "reprojected"]

_NO_WAY = "{source} cannot be brought to the first raster's coordinate system ({cause}). Describe it by itself."


class ShapelyGrid(tiles.PixelGrid):
    """A pixel grid on the map, in a raster's CRS."""

    def polygons(self, windows: Sequence[Window]) -> np.ndarray:
        """The windows as polygons in the raster's CRS, rotated with it."""
        return np.asarray(shapely.polygons([self.ring(window) for window in windows]))


def reprojected(polygons: np.ndarray, source: str, crs_wkt: str, output_wkt: str) -> np.ndarray:
    """Polygons of a source's CRS in the output's, which is that of the first raster. ImageError without a way there."""
    if crs_wkt == output_wkt:
        return polygons
    with foreign_errors(_NO_WAY.replace("{source}", source)):
        transformer = Transformer.from_crs(CRS(crs_wkt), CRS(output_wkt), always_xy=True)
        return np.asarray(shapely.transform(polygons, transformer.transform, interleaved=False))


def check_output_crs(source: str, frame: tiles.PixelGrid, crs_wkt: str, output_wkt: str) -> None:
    """ImageError where any part of a raster cannot be written in the output's CRS."""
    moved = reprojected(np.asarray([shapely.MultiPoint(lattice(frame))]), source, crs_wkt, output_wkt)
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        cause = "a part of it has no position there"
        raise ImageError(_NO_WAY.replace("{source}", source).replace("{cause}", cause))
