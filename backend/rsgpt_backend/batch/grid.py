"""Tiles of a raster by number, and their way to the map; cut as the plugin cuts them. Knows no bands, no model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely


@dataclass(frozen=True)
class Window:
    """A rectangle of whole pixels: x to the right and y down from the raster's first pixel."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Frame:
    """A pixel grid on the map. geotransform: GDAL's six numbers, pixel to CRS; it may be rotated."""

    geotransform: tuple[float, float, float, float, float, float]
    width: int
    height: int

    def point(self, x: float, y: float) -> tuple[float, float]:
        """The map position of a pixel position; (0, 0) is the outer corner of the first pixel."""
        g = self.geotransform
        return g[0] + x * g[1] + y * g[2], g[3] + x * g[4] + y * g[5]

    def polygons(self, windows: Sequence[Window]) -> np.ndarray:
        """The windows as shapely polygons in the raster's CRS, rotated with it."""
        return np.asarray(shapely.polygons([self._ring(window) for window in windows]))

    def _ring(self, window: Window) -> list[tuple[float, float]]:
        left, top = window.x, window.y
        right, bottom = left + window.width, top + window.height
        corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
        return [self.point(*corner) for corner in corners]


@dataclass(frozen=True)
class TileGrid:
    """Square tiles over a raster, row by row from the top left; the last of a row and column slides inward.

    size: side in pixels. overlap: percent of the side, 0 to 90. A raster smaller than a tile gives one of its size.
    """

    width: int
    height: int
    size: int
    overlap: float = 0.0

    def __len__(self) -> int:
        return self.columns * self.rows

    @property
    def stride(self) -> int:
        """Pixels from one tile to the next, before the last is slid inward."""
        return max(1, round(self.size * (1.0 - self.overlap / 100.0)))

    @property
    def columns(self) -> int:
        """Tiles in a row."""
        return self._count(self.width)

    @property
    def rows(self) -> int:
        """Tiles in a column."""
        return self._count(self.height)

    def window(self, number: int) -> Window:
        """The tile of that number, from 0."""
        row, column = divmod(number, self.columns)
        x, width = self._place(column, self.width)
        y, height = self._place(row, self.height)
        return Window(x, y, width, height)

    def _count(self, length: int) -> int:
        return 1 if length <= self.size else 1 + math.ceil((length - self.size) / self.stride)

    def _place(self, number: int, length: int) -> tuple[int, int]:
        side = min(self.size, length)
        return min(number * self.stride, length - side), side
