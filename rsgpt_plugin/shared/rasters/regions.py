"""The part of another CRS that a pixel grid covers, as boxes, so that only that part of a mask has to be reprojected.

A coordinate operation is reliable near the raster. Far from it, vertices fail or land anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .tiles import PixelGrid, Position

# Points per side of the lattice that is reprojected.
_LATTICE = 33
_MOST_SEGMENTS = 20_000  # per side of a box
_TURN = 360.0

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Region:
    """boxes: (left, bottom, right, top) in the other CRS, around the grid with a margin; empty: no limit is known.

    step: the longest straight line there that is still straight in the grid's CRS to well below a pixel.
    """

    boxes: tuple[Box, ...]
    step: float


def lattice(frame: PixelGrid) -> list[Position]:
    """Positions spread over the frame, its edges included, in its CRS."""
    last = _LATTICE - 1
    numbers = range(_LATTICE)
    return [frame.point(frame.width * x / last, frame.height * y / last) for y in numbers for x in numbers]


def holds(frame: PixelGrid, position: Position) -> bool:
    """Whether a position of the frame's CRS lies in the frame."""
    if not all(map(math.isfinite, position)):
        return False
    x, y = frame.pixel(*position)
    return 0 <= x <= frame.width and 0 <= y <= frame.height


def region_of(frame: PixelGrid, tile: int, moved: Sequence[Position], poles: tuple[bool, bool] | None) -> Region:
    """The region of a frame cut into tiles of `tile` pixels.

    moved: its lattice in the other CRS. poles: whether it holds the south and the north pole where that CRS is in
    degrees, else None.
    """
    if not all(math.isfinite(value) for position in moved for value in position):
        return Region((), math.inf)
    bottom, top = _widened(min(y for _, y in moved), max(y for _, y in moved))
    if poles is None:
        spans = [_widened(min(x for x, _ in moved), max(x for x, _ in moved))]
    else:
        bottom, top = -90.0 if poles[0] else max(-90.0, bottom), 90.0 if poles[1] else min(90.0, top)
        spans = [(-180.0, 180.0)] if any(poles) else _around([x for x, _ in moved])
    longest = max(top - bottom, sum(right - left for left, right in spans))
    pieces = max(frame.width, frame.height) / max(1, tile)
    return Region(tuple((left, bottom, right, top) for left, right in spans), longest / min(pieces + 1, _MOST_SEGMENTS))


def turns(frame: PixelGrid) -> list[float]:
    """What to add to longitudes so that they meet a frame in degrees, which may lie beyond 180 degrees."""
    longitudes = [frame.point(x, y)[0] for x in (0, frame.width) for y in (0, frame.height)]
    least, most = min(longitudes), max(longitudes)
    return [turn for turn in (-_TURN, 0.0, _TURN) if not turn or (least < turn + 180.0 and most > turn - 180.0)]


def _widened(low: float, high: float) -> tuple[float, float]:
    margin = (high - low) / (_LATTICE - 1) or 1e-6
    return low - margin, high + margin


def _around(longitudes: Sequence[float]) -> list[tuple[float, float]]:
    """The shortest spans within -180 to 180 that hold all longitudes: two across the antimeridian."""
    ordered = sorted({(longitude + 180.0) % _TURN for longitude in longitudes})
    gaps = [(after - before, after) for before, after in zip(ordered, [*ordered[1:], ordered[0] + _TURN])]
    widest, start = max(gaps)
    left, right = _widened(start % _TURN, start % _TURN + _TURN - widest)
    if right - left >= _TURN:
        return [(-180.0, 180.0)]
    left, right = left - 180.0, right - 180.0
    if left < -180.0:
        return [(-180.0, right), (left + _TURN, 180.0)]
    return [(left, right)] if right <= 180.0 else [(left, 180.0), (-180.0, right - _TURN)]
