"""Tile arithmetic in pixel space, and the way from there to the map. Knows no raster, no bands, no model."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from qgis.core import QgsGeometry, QgsPointXY, QgsRectangle
from qgis.PyQt.QtCore import QCoreApplication

from ..errors import ImageryError

MAX_TILES = 100_000

translate = QCoreApplication.translate


@dataclass(frozen=True)
class Window:
    """A rectangle of whole pixels: x to the right and y down from the frame's first pixel. May stick out."""

    x: int
    y: int
    width: int
    height: int

    def clipped(self, frame: Frame) -> Window:
        """The part inside the frame; its width or height is 0 where there is none."""
        left, top = max(0, self.x), max(0, self.y)
        right, bottom = min(frame.width, self.x + self.width), min(frame.height, self.y + self.height)
        return Window(left, top, max(0, right - left), max(0, bottom - top))


@dataclass(frozen=True)
class Frame:
    """A pixel grid on the map.

    geotransform: GDAL's six numbers, pixel (x right, y down) to the layer's CRS; it may be rotated.
    width, height: size in pixels.
    """

    geotransform: tuple[float, float, float, float, float, float]
    width: int
    height: int

    def point(self, x: float, y: float) -> QgsPointXY:
        """The map position of a pixel position; (0, 0) is the outer corner of the first pixel."""
        g = self.geotransform
        return QgsPointXY(g[0] + x * g[1] + y * g[2], g[3] + x * g[4] + y * g[5])

    def pixel(self, point: QgsPointXY) -> tuple[float, float]:
        """The pixel position of a map position in the layer's CRS."""
        g = self.geotransform
        dx, dy = point.x() - g[0], point.y() - g[3]
        determinant = g[1] * g[5] - g[2] * g[4]
        return (dx * g[5] - dy * g[2]) / determinant, (dy * g[1] - dx * g[4]) / determinant

    def polygon(self, window: Window) -> QgsGeometry:
        """The window as a polygon in the layer's CRS, rotated with the frame."""
        right, bottom = window.x + window.width, window.y + window.height
        corners = [(window.x, window.y), (right, window.y), (right, bottom), (window.x, bottom)]
        return QgsGeometry.fromPolygonXY([[self.point(*corner) for corner in [*corners, corners[0]]]])

    def window(self, geometry: QgsGeometry) -> Window:
        """The smallest window of whole pixels that holds a geometry of the layer's CRS; may stick out.

        Raises ImageryError for a geometry that is empty or not finite.
        """
        positions = [self.pixel(QgsPointXY(vertex)) for vertex in geometry.vertices()]
        if not positions or not all(math.isfinite(value) for position in positions for value in position):
            raise ImageryError(
                translate("Rsgpt", "The area is empty or without bounds. Choose a bounded area of the map.")
            )
        # A float's breadth of a pixel must not add a row: grids often meet an extent exactly.
        left, top = (math.floor(min(axis) + 1e-6) for axis in zip(*positions))
        right, bottom = (math.ceil(max(axis) - 1e-6) for axis in zip(*positions))
        return Window(left, top, max(0, right - left), max(0, bottom - top))


@dataclass(frozen=True)
class TileGrid:
    """Square tiles over a region.

    region: in pixels, inside the frame. size: side in pixels. overlap: percent of the side, 0 to 90.
    """

    region: Window
    size: int
    overlap: float = 0.0

    @property
    def stride(self) -> int:
        """Pixels from one tile to the next, before the last is slid inward."""
        return max(1, round(self.size * (1.0 - self.overlap / 100.0)))

    @property
    def columns(self) -> int:
        """Tiles in a row."""
        return self._count(self.region.width)

    @property
    def rows(self) -> int:
        """Tiles in a column."""
        return self._count(self.region.height)

    def checked(self) -> TileGrid:
        """This grid; raises ImageryError where it has more than MAX_TILES tiles."""
        count = self.columns * self.rows
        if count > MAX_TILES:
            raise ImageryError(
                translate(
                    "Rsgpt",
                    "The area needs {count} tiles, more than the limit of {limit}. Choose a smaller extent, "
                    "larger tiles, less overlap, or a coarser ground resolution.",
                ).format(count=count, limit=MAX_TILES)
            )
        return self

    def windows(self) -> Iterator[Window]:
        """The tiles, row by row from the top left. The last of a row and column slides inward to be whole;

        a region smaller than a tile gives one tile of the region's own size in that direction.
        """
        for row in range(self.rows):
            for column in range(self.columns):
                x, width = self._place(column, self.region.x, self.region.width)
                y, height = self._place(row, self.region.y, self.region.height)
                yield Window(x, y, width, height)

    def _count(self, length: int) -> int:
        return 1 if length <= self.size else 1 + math.ceil((length - self.size) / self.stride)

    def _place(self, number: int, start: int, length: int) -> tuple[int, int]:
        side = min(self.size, length)
        return start + min(number * self.stride, length - side), side


def square(window: Window, margin: float, least: int) -> Window:
    """A square around the window's centre: its longer side, plus `margin` (0.1 is a tenth) on each side,

    never less than `least` pixels.
    """
    side = max(least, math.ceil(max(window.width, window.height) * (1.0 + 2.0 * margin)))
    return Window(window.x + (window.width - side) // 2, window.y + (window.height - side) // 2, side, side)


def framed(extent: QgsRectangle, pixel_width: float, pixel_height: float) -> Frame:
    """A north-up frame over `extent`, to within half a pixel, with pixels of the given size in CRS units."""
    width = max(1, round(extent.width() / pixel_width))
    height = max(1, round(extent.height() / pixel_height))
    transform = (extent.xMinimum(), pixel_width, 0.0, extent.yMaximum(), 0.0, -pixel_height)
    return Frame(transform, width, height)
