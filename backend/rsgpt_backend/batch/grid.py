"""The shared tile arithmetic as shapely polygons. Knows no bands, no model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from rsgpt_plugin.shared import tiles
from rsgpt_plugin.shared.tiles import TileGrid, Window

__all__ = ["Frame", "TileGrid", "Window"]


class Frame(tiles.Frame):
    """A pixel grid on the map, in a raster's CRS."""

    def polygons(self, windows: Sequence[Window]) -> np.ndarray:
        """The windows as polygons in the raster's CRS, rotated with it."""
        return np.asarray(shapely.polygons([self.ring(window) for window in windows]))
