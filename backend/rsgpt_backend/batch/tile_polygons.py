"""Tiles as shapely polygons, in the CRS of their raster or of the output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import shapely
from pyproj import CRS, Transformer

from rsgpt_plugin.shared.objects.found_points import Box
from rsgpt_plugin.shared.rasters import tiles
from rsgpt_plugin.shared.rasters.regions import lattice
from rsgpt_plugin.shared.rasters.tiles import TileGrid, Window

from ..data.library_errors import convert_errors
from ..errors import ImageError

__all__ = ["ShapelyGrid", "TileGrid", "Window", "WindowGrid", "check_output_crs", "reprojected"]

_NO_TRANSFORMATION = (
    "{source} cannot be transformed to the first raster's coordinate system ({cause}). Describe it in a separate run."
)


class WindowGrid(Protocol):
    """Numbered windows of a raster; tiles, or windows that extend beyond it."""

    def __len__(self) -> int: ...

    def window(self, number: int) -> Window:
        """Return the window of a number, from 0."""
        ...

    @property
    def parts(self) -> tuple[float, ...]:
        """The numbers that distinguish it from other grids over the same raster."""
        ...


class ShapelyGrid(tiles.PixelGrid):
    """A pixel grid in a raster's CRS that returns shapely geometries."""

    def polygons(self, windows: Sequence[Window]) -> np.ndarray:
        """Return the windows as polygons in the raster's CRS, rotated with the raster."""
        return np.asarray(shapely.polygons([self.ring(window) for window in windows]))

    def points(self, positions: Sequence[tuple[float, float]]) -> np.ndarray:
        """Return pixel positions as points in the raster's CRS."""
        return np.asarray(shapely.points([self.point(*position) for position in positions]))

    def boxes(self, boxes: Sequence[Box]) -> np.ndarray:
        """Return boxes (x, y, width, height) in pixels as polygons in the raster's CRS, rotated with the raster."""
        return np.asarray(shapely.polygons([self._outline(*box) for box in boxes]))

    def _outline(self, x: float, y: float, width: float, height: float) -> list[tuple[float, float]]:
        corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
        return [self.point(*corner) for corner in corners]


def reprojected(polygons: np.ndarray, source: str, crs_wkt: str, output_wkt: str) -> np.ndarray:
    """Return polygons in the CRS of the output, that of the first raster. Raises ImageError if that is not possible."""
    if crs_wkt == output_wkt:
        return polygons
    with convert_errors(_NO_TRANSFORMATION.replace("{source}", source)):
        transformer = Transformer.from_crs(CRS(crs_wkt), CRS(output_wkt), always_xy=True)
        return np.asarray(shapely.transform(polygons, transformer.transform, interleaved=False))


def check_output_crs(source: str, frame: tiles.PixelGrid, crs_wkt: str, output_wkt: str) -> None:
    """Raise ImageError if a part of a raster has no position in the CRS of the output."""
    points = reprojected(np.asarray([shapely.MultiPoint(lattice(frame))]), source, crs_wkt, output_wkt)
    if not np.isfinite(shapely.get_coordinates(points)).all():
        cause = "a part of it has no position there"
        raise ImageError(_NO_TRANSFORMATION.replace("{source}", source).replace("{cause}", cause))
