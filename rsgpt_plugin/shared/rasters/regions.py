"""Boxes in another CRS that a pixel grid covers, so that only that part of a mask needs to be reprojected.

Coordinate operations are reliable near the raster only. Far from it, vertices fail or end up anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .tiles import PixelGrid, Position

_LATTICE = 33  # reprojected points per side
_MAX_SEGMENTS = 20_000  # per side of a box
_FULL_CIRCLE = 360.0

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Region:
    """Area of a grid in another CRS. boxes: (left, bottom, right, top) with a margin; empty if the limits are unknown.

    step: maximum segment length in that CRS that stays straight in the grid's CRS to well below one pixel.
    """

    boxes: tuple[Box, ...]
    step: float


def lattice(frame: PixelGrid) -> list[Position]:
    """Return positions spread over the frame, including its edges, in its CRS."""
    last = _LATTICE - 1
    numbers = range(_LATTICE)
    return [frame.point(frame.width * x / last, frame.height * y / last) for y in numbers for x in numbers]


def contains_position(frame: PixelGrid, position: Position) -> bool:
    """Return whether a position in the frame's CRS lies in the frame."""
    if not all(map(math.isfinite, position)):
        return False
    x, y = frame.pixel(*position)
    return 0 <= x <= frame.width and 0 <= y <= frame.height


def region_of(frame: PixelGrid, tile: int, points: Sequence[Position], poles: tuple[bool, bool] | None) -> Region:
    """Return the region of a frame that is cut into tiles of `tile` pixels.

    points: the frame's lattice in the other CRS. poles: whether the frame contains the south and the north pole if that
    CRS is in degrees, else None.
    """
    if not all(math.isfinite(value) for position in points for value in position):
        return Region((), math.inf)
    bottom, top = _widened(min(y for _, y in points), max(y for _, y in points))
    if poles is None:
        spans = [_widened(min(x for x, _ in points), max(x for x, _ in points))]
    else:
        bottom, top = -90.0 if poles[0] else max(-90.0, bottom), 90.0 if poles[1] else min(90.0, top)
        spans = [(-180.0, 180.0)] if any(poles) else _around([x for x, _ in points])
    longest = max(top - bottom, sum(right - left for left, right in spans))
    side = max(frame.width, frame.height)
    step = longest / min(side / max(1, tile) + 1, _MAX_SEGMENTS)
    if poles is not None:  # a parallel near a pole is a circle, and a chord of this many degrees stays within a pixel
        step = min(step, math.degrees(2.0 / math.sqrt(side)))
    return Region(tuple((left, bottom, right, top) for left, right in spans), step)


def longitude_shifts(frame: PixelGrid) -> list[float]:
    """Return the shifts of longitudes that can reach a frame in degrees, which may extend beyond 180 degrees."""
    longitudes = [frame.point(x, y)[0] for x in (0, frame.width) for y in (0, frame.height)]
    west, east = min(longitudes), max(longitudes)
    shifts = (-_FULL_CIRCLE, 0.0, _FULL_CIRCLE)
    return [shift for shift in shifts if not shift or (west < shift + 180.0 and east > shift - 180.0)]


def _widened(low: float, high: float) -> tuple[float, float]:
    margin = (high - low) / (_LATTICE - 1) or 1e-6
    return low - margin, high + margin


def _around(longitudes: Sequence[float]) -> list[tuple[float, float]]:
    """Return the shortest spans within -180 to 180 that contain all longitudes: two across the antimeridian."""
    ordered = sorted({(longitude + 180.0) % _FULL_CIRCLE for longitude in longitudes})
    gaps = [(after - before, after) for before, after in zip(ordered, [*ordered[1:], ordered[0] + _FULL_CIRCLE])]
    widest, start = max(gaps)
    left, right = _widened(start % _FULL_CIRCLE, start % _FULL_CIRCLE + _FULL_CIRCLE - widest)
    if right - left >= _FULL_CIRCLE:
        return [(-180.0, 180.0)]
    left, right = left - 180.0, right - 180.0
    if left < -180.0:
        return [(-180.0, right), (left + _FULL_CIRCLE, 180.0)]
    return [(left, right)] if right <= 180.0 else [(left, 180.0), (-180.0, right - _FULL_CIRCLE)]
