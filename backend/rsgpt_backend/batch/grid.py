"""The shared tile arithmetic as shapely polygons. Knows no bands, no model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from pyproj import CRS, Transformer

from rsgpt_plugin.shared import tiles
from rsgpt_plugin.shared.regions import lattice
from rsgpt_plugin.shared.tiles import TileGrid, Window

from ..data.foreign import foreign_errors
from ..errors import ImageError

__all__ = ["Frame", "TileGrid", "Window", "check_output_crs", "reprojected"]


class Frame(tiles.Frame):
    """A pixel grid on the map, in a raster's CRS."""

    def polygons(self, windows: Sequence[Window]) -> np.ndarray:
        """The windows as polygons in the raster's CRS, rotated with it."""
        return np.asarray(shapely.polygons([self.ring(window) for window in windows]))


def reprojected(polygons: np.ndarray, crs_wkt: str, output_wkt: str) -> np.ndarray:
    """Polygons of one CRS in another."""
    if crs_wkt == output_wkt:
        return polygons
    transformer = Transformer.from_crs(CRS(crs_wkt), CRS(output_wkt), always_xy=True)
    return np.asarray(shapely.transform(polygons, transformer.transform, interleaved=False))


def check_output_crs(source: str, frame: tiles.Frame, crs_wkt: str, output_wkt: str) -> None:
    """ImageError where a raster cannot be written in the output's CRS, which is that of the first raster."""
    sentence = f"{source} cannot be brought to the first raster's coordinate system ({{cause}}). Describe it by itself."
    with foreign_errors(sentence):
        moved = reprojected(np.asarray([shapely.MultiPoint(lattice(frame))]), crs_wkt, output_wkt)
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        raise ImageError(sentence.replace("{cause}", "a part of it has no position there"))
