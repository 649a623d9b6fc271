"""The windows in which a raster is searched for objects.

They have fixed places on the ground, so that the found objects depend neither on the tiles of a run nor on where a
raster begins.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

from ..rasters.tiles import PixelGrid, Window
from .found_points import FoundPoint

_UNIT = 64  # pixels of the finder's input: windows that differ by a multiple of it have the same cells in all its grids
_PIXELS = 48  # of the raster, per unit: the finder is better if pictures are enlarged by 4/3
_MARGIN = 1  # units, on each side of a core: context of the objects there
_SLACK = 6  # pixels: the centers of one object in two windows differ by less
_PHASE = 0.25  # of a pixel: rounding errors must not matter where positions are whole or half numbers of pixels
SMALLEST_IN_LARGE = 24.0  # pixels of the finder's input: large windows count for larger objects only


@dataclass(frozen=True)
class SearchGrid:
    """Overlapping square windows around cores that share no pixel, numbered by row; then windows of twice the side.

    The large windows find what does not fit into a small one. Windows extend beyond the raster.

    frame: the raster. unit: raster pixels per 64 pixels of the finder's input in a small window. units: side of a
    window.
    """

    frame: PixelGrid
    unit: int
    units: int

    def __len__(self) -> int:
        return sum(columns * rows for columns, rows in (self._shape(scale) for scale in (1, 2)))

    @property
    def parts(self) -> tuple[float, ...]:
        """The numbers that distinguish it from other grids over the same raster."""
        return self.unit, self.units

    def window(self, number: int) -> Window:
        """Return the window of a number, from 0."""
        core, margin = self.core(number), _MARGIN * self.unit * self.scale(number)
        return Window(core.x - margin, core.y - margin, core.width + 2 * margin, core.height + 2 * margin)

    def core(self, number: int) -> Window:
        """Return the part of a window in which its objects count."""
        scale = self.scale(number)
        number -= self._small_windows if scale > 1 else 0
        row, column = divmod(number, self._shape(scale)[0])
        side, (left, top) = self._step(scale), self._first(scale)
        return Window(left + column * side, top + row * side, side, side)

    def scale(self, number: int) -> int:
        """Return 1 for a small window, 2 for a large one."""
        return 1 if number < self._small_windows else 2

    def placed(self, number: int, point: FoundPoint, side: float) -> Optional[FoundPoint]:
        """Return a point of a window's picture in the raster's pixels, None if it does not count.

        side: of the picture, in pixels. A point counts in the core and a little around it, because the window whose
        core it is in may place it elsewhere.
        """
        window, core, scale = self.window(number), self.core(number), self.scale(number)
        if scale > 1 and max(point.box[2:]) * _UNIT * self.units < SMALLEST_IN_LARGE * side:
            return None
        factor = window.width / side
        placed = point.scaled(factor, factor).moved(window.x, window.y)
        slack = _SLACK * scale
        is_inside = core.x - slack <= placed.x < core.x + core.width + slack
        is_inside &= core.y - slack <= placed.y < core.y + core.height + slack
        return placed if is_inside and self._is_on_raster(placed) else None

    def _is_on_raster(self, point: FoundPoint) -> bool:
        return 0 <= point.x < self.frame.width and 0 <= point.y < self.frame.height

    @property
    def _small_windows(self) -> int:
        columns, rows = self._shape(1)
        return columns * rows

    def _step(self, scale: int) -> int:
        return max(1, self.units - 2 * _MARGIN) * self.unit * scale

    def _first(self, scale: int) -> tuple[int, int]:
        """Return the top left corner of the first core, in pixels of the raster."""
        x, y = (math.floor(_PHASE - pixel) for pixel in self.frame.pixel(0.0, 0.0))
        step = self._step(scale)
        return -(x % step), -(y % step)

    def _shape(self, scale: int) -> tuple[int, int]:
        """Return the number of columns and rows."""
        (left, top), step = self._first(scale), self._step(scale)
        return math.ceil((self.frame.width - left) / step), math.ceil((self.frame.height - top) / step)


class SearchWindows(Sequence[Window]):
    """The windows of a grid as a sequence that needs no memory."""

    def __init__(self, grid: SearchGrid) -> None:
        self._grid = grid

    def __len__(self) -> int:
        return len(self._grid)

    def __getitem__(self, number: Any) -> Any:
        """Return a window, or those of a slice as a list."""
        numbers = range(len(self))[number]
        return self._grid.window(numbers) if isinstance(numbers, int) else [self._grid.window(one) for one in numbers]


def reduction(gsd_m: Optional[float], finest_gsd_m: float) -> float:
    """Return the factor by which a finder reduces a raster. gsd_m: of the raster, None or 0 if unknown."""
    return min(1.0, gsd_m / finest_gsd_m) if gsd_m and finest_gsd_m else 1.0


def search_grid(frame: PixelGrid, side: int, scale: float = 1.0) -> SearchGrid:
    """Return the grid over a raster.

    side: longest side of the finder's input, in pixels. scale: from `reduction`.
    """
    return SearchGrid(frame, max(1, round(_PIXELS / scale)), max(3, side // _UNIT))
