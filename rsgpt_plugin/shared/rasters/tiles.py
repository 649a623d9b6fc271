"""Pixel grids, tile grids and their positions in a CRS."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

Geotransform = tuple[float, float, float, float, float, float]
Position = tuple[float, float]

# GDAL's geotransform for rasters without one.
NO_GEOTRANSFORM: Geotransform = (0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


def is_valid_geotransform(geotransform: Geotransform) -> bool:
    """Return whether a geotransform is valid: not NO_GEOTRANSFORM, finite and invertible."""
    determinant = geotransform[1] * geotransform[5] - geotransform[2] * geotransform[4]
    return geotransform != NO_GEOTRANSFORM and math.isfinite(determinant) and determinant != 0


@dataclass(frozen=True)
class Window:
    """A rectangle of whole pixels: x right and y down from the frame's first pixel. It may extend beyond the frame."""

    x: int
    y: int
    width: int
    height: int

    def clipped(self, frame: PixelGrid) -> Window:
        """Return the part inside the frame; its width or height is 0 if there is none."""
        left, top = max(0, self.x), max(0, self.y)
        right, bottom = min(frame.width, self.x + self.width), min(frame.height, self.y + self.height)
        return Window(left, top, max(0, right - left), max(0, bottom - top))

    def scaled(self, longest: int) -> tuple[float, int, int]:
        """Return scale (at most 1), width and height that limit the longer side to `longest` pixels."""
        scale = min(1.0, longest / max(self.width, self.height))
        return scale, scaled_length(self.width, scale), scaled_length(self.height, scale)


@dataclass(frozen=True)
class InnerPart:
    """The part of a window inside a frame, and its place in the window's picture.

    shape: rows and columns of the picture. size: width and height of the part in it. offset: rows and columns before.
    """

    window: Window
    shape: tuple[int, int]
    size: tuple[int, int]
    offset: tuple[int, int]


def inner_part(window: Window, frame: PixelGrid, longest: int) -> InnerPart:
    """Return the part of a window in a frame, for a picture whose longer side has at most `longest` pixels."""
    scale, width, height = window.scaled(longest)
    inside = window.clipped(frame)
    size = min(width, scaled_length(inside.width, scale)), min(height, scaled_length(inside.height, scale))
    offset = (
        min(height - size[1], round((inside.y - window.y) * scale)),
        min(width - size[0], round((inside.x - window.x) * scale)),
    )
    return InnerPart(inside, (height, width), size, offset)


@dataclass(frozen=True)
class PixelGrid:
    """A pixel grid in a CRS.

    geotransform: GDAL's six numbers, pixels (x right, y down) to CRS; may be rotated. width, height: in pixels.
    """

    geotransform: Geotransform
    width: int
    height: int

    @property
    def whole(self) -> Window:
        """The window of all pixels of the frame."""
        return Window(0, 0, self.width, self.height)

    @property
    def is_rotated(self) -> bool:
        """Whether rows and columns are not parallel to the CRS axes."""
        return bool(self.geotransform[2] or self.geotransform[4])

    def point(self, x: float, y: float) -> Position:
        """Return the CRS position of a pixel position; (0, 0) is the outer corner of the first pixel."""
        g = self.geotransform
        return g[0] + x * g[1] + y * g[2], g[3] + x * g[4] + y * g[5]

    def pixel(self, x: float, y: float) -> Position:
        """Return the pixel position of a CRS position; NaN if pixels have no area."""
        g = self.geotransform
        dx, dy = x - g[0], y - g[3]
        determinant = g[1] * g[5] - g[2] * g[4]
        if not determinant:
            return math.nan, math.nan
        return (dx * g[5] - dy * g[2]) / determinant, (dy * g[1] - dx * g[4]) / determinant

    def ring(self, window: Window) -> list[Position]:
        """Return the closed outline of a window in the CRS (5 positions)."""
        left, top = window.x, window.y
        right, bottom = left + window.width, top + window.height
        corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
        return [self.point(*corner) for corner in corners]

    def enclosing(self, positions: Iterable[Position]) -> Window | None:
        """Return the smallest window of whole pixels around finite CRS positions, else None."""
        pixels = [self.pixel(x, y) for x, y in positions]
        if not pixels or not all(math.isfinite(value) for pixel in pixels for value in pixel):
            return None
        # Grids often match an extent exactly, so a rounding error must not add a row.
        left, top = (math.floor(min(axis) + 1e-6) for axis in zip(*pixels))
        right, bottom = (math.ceil(max(axis) - 1e-6) for axis in zip(*pixels))
        return Window(left, top, max(0, right - left), max(0, bottom - top))


@dataclass(frozen=True)
class TileGrid:
    """Square tiles over a region, numbered by row from the top left; the last tile of a row or column slides inward.

    region: in pixels. size: tile side in pixels. overlap: percent of the side, 0 to 90. If the region is smaller than a
    tile, it has one tile of the region's size in that direction.
    """

    region: Window
    size: int
    overlap: float = 0.0

    def __len__(self) -> int:
        return self.columns * self.rows

    @property
    def parts(self) -> tuple[float, ...]:
        """The numbers that distinguish it from other grids over the same raster."""
        return self.size, self.overlap

    @property
    def stride(self) -> int:
        """Pixels from one tile to the next."""
        return max(1, round(self.size * (1.0 - self.overlap / 100.0)))

    @property
    def columns(self) -> int:
        """Number of tiles per row."""
        return self._count(self.region.width)

    @property
    def rows(self) -> int:
        """Number of tiles per column."""
        return self._count(self.region.height)

    def window(self, number: int) -> Window:
        """Return the window of tile `number`, from 0."""
        row, column = divmod(number, self.columns)
        x, width = self._span(column, self.region.x, self.region.width)
        y, height = self._span(row, self.region.y, self.region.height)
        return Window(x, y, width, height)

    def windows(self) -> Iterator[Window]:
        """Yield the windows of all tiles in order."""
        return (self.window(number) for number in range(self.columns * self.rows))

    def _count(self, length: int) -> int:
        return 1 if length <= self.size else 1 + math.ceil((length - self.size) / self.stride)

    def _span(self, number: int, start: int, length: int) -> tuple[int, int]:
        side = min(self.size, length)
        return start + min(number * self.stride, length - side), side


@dataclass(frozen=True)
class Orientation:
    """Conversion of stored rows and columns to an upright picture: transpose first, then mirror."""

    transposed: bool = False
    mirrored_x: bool = False
    mirrored_y: bool = False

    def upright(self, stored: np.ndarray) -> np.ndarray:
        """Return a stored array (last two axes: rows, columns) turned upright."""
        array = stored.swapaxes(-1, -2) if self.transposed else stored
        array = array[..., ::-1, :] if self.mirrored_y else array
        return array[..., ::-1] if self.mirrored_x else array

    def stored(self, window: Window, frame: PixelGrid) -> Window:
        """Return the stored window of a window in the upright frame."""
        x = frame.width - window.x - window.width if self.mirrored_x else window.x
        y = frame.height - window.y - window.height if self.mirrored_y else window.y
        if self.transposed:
            return Window(y, x, window.height, window.width)
        return Window(x, y, window.width, window.height)

    def stored_size(self, width: int, height: int) -> tuple[int, int]:
        """Return the stored width and height of an upright picture."""
        return (height, width) if self.transposed else (width, height)


def upright(geotransform: Geotransform, width: int, height: int) -> tuple[PixelGrid, Orientation]:
    """Return a stored grid turned by quarter turns and mirrored so that up is as close to north as possible.

    Pixels are not resampled: a rotation of up to 45 degrees remains.
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


def square(window: Window, margin: float, min_side: int) -> Window:
    """Return a square around the window's center.

    Its side is the longer side of the window plus `margin` (0.1: 10 percent) on each side, at least `min_side` pixels.
    """
    side = max(min_side, math.ceil(max(window.width, window.height) * (1.0 + 2.0 * margin)))
    return Window(window.x + (window.width - side) // 2, window.y + (window.height - side) // 2, side, side)


def scaled_length(length: int, scale: float) -> int:
    """Return a scaled length in pixels, at least 1 unless `length` is 0."""
    return max(1, round(length * scale)) if length else 0
