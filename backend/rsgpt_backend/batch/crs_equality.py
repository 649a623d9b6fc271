"""Comparison of coordinate systems that formats have written in different forms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

_TOLERANCE = 1e-8  # relative to a coordinate: some centimeters on the earth


def is_same_crs(expected: CRS, definition: str | None, bounds: Sequence[float] | None) -> bool:
    """Return whether `definition` is equivalent to `expected`. If their forms differ, positions in `bounds` decide.

    Formats change names, axes and datums, but units and parameters must stay the same.
    """
    if not definition:
        return False
    try:
        other = CRS(definition)
    except CRSError:
        return False
    if expected.equals(other, ignore_axis_order=True):
        return True
    return bounds is not None and _same_ellipsoid(expected, other) and _same_positions(expected, other, bounds)


def _same_ellipsoid(expected: CRS, other: CRS) -> bool:
    if expected.ellipsoid is None or other.ellipsoid is None:
        return False
    first, second = expected.ellipsoid, other.ellipsoid
    sizes = [first.semi_major_metre, first.inverse_flattening], [second.semi_major_metre, second.inverse_flattening]
    return bool(np.allclose(sizes[0], sizes[1], rtol=1e-9, atol=0))


def _same_positions(expected: CRS, other: CRS, bounds: Sequence[float]) -> bool:
    left, bottom, right, top = bounds
    xs, ys = np.array([left, left, right, right]), np.array([bottom, top, bottom, top])
    try:
        transformed = Transformer.from_crs(expected, other, always_xy=True).transform(xs, ys)
    except ProjError:
        return False
    size = max(1.0, float(np.abs([xs, ys]).max()))
    return bool(np.allclose(transformed, (xs, ys), rtol=0, atol=_TOLERANCE * size))
