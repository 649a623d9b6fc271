"""Pixel grids, tiles and their positions in a CRS, as arithmetic. Knows no raster format and no geometry library."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

Geotransform = tuple[float, float, float, float, float, float]
Position = tuple[float, float]

# GDAL's geotransform of a raster that has none.
NO_GEOTRANSFORM: Geotransform = (0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


def is_grid(geotransform: Geotransform) -> bool:
    """Whether a geotransform gives pixels a position: GDAL gives NO_GEOTRANSFORM for none, files may hold nonsense."""
    determinant = geotransform[1] * geotransform[5] - geotransform[2] * geotransform[4]
    return geotransform != NO_GEOTRANSFORM and math.isfinite(determinant) and determinant != 0


@dataclass(frozen=True)
class Window:
    """A rectangle of whole pixels: x to the right and y down from the frame's first pixel. May extend beyond it."""

    x: int
    y: int
    width: int
    height: int

    def clipped(self, frame: PixelGrid) -> Window:
        """The part inside the frame; its width or height is 0 where there is none."""
        left, top = max(0, self.x), max(0, self.y)
        right, bottom = min(frame.width, self.x + self.width), min(frame.height, self.y + self.height)
        return Window(left, top, max(0, right - left), max(0, bottom - top))

    def scaled(self, longest: int) -> tuple[float, int, int]:
        """The factor that makes the longer side at most `longest` pixels, and the width and height it gives."""
        scale = min(1.0, longest / max(self.width, self.height))
        return scale, scaled_length(self.width, scale), scaled_length(self.height, scale)


@dataclass(frozen=True)
class PixelGrid:
    """A pixel grid in a CRS.

    geotransform: GDAL's six numbers, pixel (x right, y down) to CRS; it may be rotated. width, height: in pixels.
    """

    geotransform: Geotransform
    width: int
    height: int

    @property
    def whole(self) -> Window:
        """All pixels of the frame."""
        return Window(0, 0, self.width, self.height)

    @property
    def is_rotated(self) -> bool:
        """Whether rows and columns do not follow the CRS's axes."""
        return bool(self.geotransform[2] or self.geotransform[4])

    def point(self, x: float, y: float) -> Position:
        """The CRS position of a pixel position; (0, 0) is the outer corner of the first pixel."""
        g = self.geotransform
        return g[0] + x * g[1] + y * g[2], g[3] + x * g[4] + y * g[5]

    def pixel(self, x: float, y: float) -> Position:
        """The pixel position of a CRS position; not a number where the pixels have no area."""
        g = self.geotransform
        dx, dy = x - g[0], y - g[3]
        determinant = g[1] * g[5] - g[2] * g[4]
        if not determinant:
            return math.nan, math.nan
        return (dx * g[5] - dy * g[2]) / determinant, (dy * g[1] - dx * g[4]) / determinant

    def ring(self, window: Window) -> list[Position]:
        """The window's outline in the CRS, closed, rotated with the frame."""
        left, top = window.x, window.y
        right, bottom = left + window.width, top + window.height
        corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
        return [self.point(*corner) for corner in corners]

    def enclosing(self, positions: Iterable[Position]) -> Window | None:
        """The smallest window of whole pixels around CRS positions; None if there are none or one is not finite."""
        pixels = [self.pixel(x, y) for x, y in positions]
        if not pixels or not all(math.isfinite(value) for pixel in pixels for value in pixel):
            return None
        # A rounding error of a pixel must not add a row: grids often meet an extent exactly.
        left, top = (math.floor(min(axis) + 1e-6) for axis in zip(*pixels))
        right, bottom = (math.ceil(max(axis) - 1e-6) for axis in zip(*pixels))
        return Window(left, top, max(0, right - left), max(0, bottom - top))


@dataclass(frozen=True)
class TileGrid:
    """Square tiles over a region, numbered row by row from the top left; the last of a row and column slides inward.

    region: in pixels. size: side in pixels. overlap: percent of the side, 0 to 90. A region smaller than a tile gives
    one tile of the region's own size in that direction.
    """

    region: Window
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
        return self._count(self.region.width)

    @property
    def rows(self) -> int:
        """Tiles in a column."""
        return self._count(self.region.height)

    def window(self, number: int) -> Window:
        """The tile of that number, from 0."""
        row, column = divmod(number, self.columns)
        x, width = self._span(column, self.region.x, self.region.width)
        y, height = self._span(row, self.region.y, self.region.height)
        return Window(x, y, width, height)

    def windows(self) -> Iterator[Window]:
        """All tiles in the order of their numbers."""
        return (self.window(number) for number in range(self.columns * self.rows))

    def _count(self, length: int) -> int:
        return 1 if length <= self.size else 1 + math.ceil((length - self.size) / self.stride)

    def _span(self, number: int, start: int, length: int) -> tuple[int, int]:
        side = min(self.size, length)
        return start + min(number * self.stride, length - side), side


@dataclass(frozen=True)
class Orientation:
    """How a raster's stored rows and columns become an upright picture: transposed first, then mirrored."""

    transposed: bool = False
    mirrored_x: bool = False
    mirrored_y: bool = False

    def upright(self, stored: np.ndarray) -> np.ndarray:
        """An array as stored, whose last two axes are rows and columns, turned upright."""
        array = stored.swapaxes(-1, -2) if self.transposed else stored
        array = array[..., ::-1, :] if self.mirrored_y else array
        return array[..., ::-1] if self.mirrored_x else array

    def stored(self, window: Window, frame: PixelGrid) -> Window:
        """Where a window of the upright frame is stored."""
        x = frame.width - window.x - window.width if self.mirrored_x else window.x
        y = frame.height - window.y - window.height if self.mirrored_y else window.y
        if self.transposed:
            return Window(y, x, window.height, window.width)
        return Window(x, y, window.width, window.height)

    def stored_size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of an upright picture as they are stored."""
        return (height, width) if self.transposed else (width, height)


def upright(geotransform: Geotransform, width: int, height: int) -> tuple[PixelGrid, Orientation]:
    """The frame of a stored grid turned by quarter turns and mirrored so that up is as near to north as possible.

    No pixel is resampled: a grid that is rotated by another angle stays so, by 45 degrees at most.
    """
    x0, xx, xy, y0, yx, yy = geotransform
    transposed = abs(xy * yx) > abs(xx * yy)
    if transposed:
        xx, xy, yx, yy, width, height = xy, xx, yy, yx, height, width
    mirrored_x, mirrored_y = xx < 0, yy > 0
    if mirrored_x:
        x0, y0, xx, yx = x0 + width * xx, y0 + width * yx, -xx, -yx
    if mirrored_y:
        x0, y0, xy, yy = x0 + height * xy, y0 + height * yy, -xy, -yy
    x_terms, y_terms = (x0, xx + 0.0, xy + 0.0), (y0, yx + 0.0, yy + 0.0)  # no minus zero
    return PixelGrid((*x_terms, *y_terms), width, height), Orientation(transposed, mirrored_x, mirrored_y)


def square(window: Window, margin: float, least: int) -> Window:
    """A square around the window's centre: its longer side, plus `margin` (0.1 is a tenth) on each side,

    never less than `least` pixels.
    """
    side = max(least, math.ceil(max(window.width, window.height) * (1.0 + 2.0 * margin)))
    return Window(window.x + (window.width - side) // 2, window.y + (window.height - side) // 2, side, side)


def scaled_length(length: int, scale: float) -> int:
    """A length in pixels at a scale: at least one pixel, or none where there is none."""
    return max(1, round(length * scale)) if length else 0
