"""Whether two coordinate systems put the same numbers on the same place. Opens no file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

_TOLERANCE = 1e-8  # of a coordinate: some centimetres on the earth


def is_same_crs(meant: CRS, found: str | None, bounds: Sequence[float] | None) -> bool:
    """Whether `found`, as text, means the same as `meant`. Where they differ in form, places in `bounds` are compared.

    Formats keep names, axes and datums in forms of their own, but units and parameters must not change.
    """
    if not found:
        return False
    try:
        other = CRS(found)
    except CRSError:
        return False
    if meant.equals(other, ignore_axis_order=True):
        return True
    return bounds is not None and _same_ellipsoid(meant, other) and _same_places(meant, other, bounds)


def _same_ellipsoid(one: CRS, other: CRS) -> bool:
    if one.ellipsoid is None or other.ellipsoid is None:
        return False
    first, second = one.ellipsoid, other.ellipsoid
    sizes = [first.semi_major_metre, first.inverse_flattening], [second.semi_major_metre, second.inverse_flattening]
    return bool(np.allclose(sizes[0], sizes[1], rtol=1e-9, atol=0))


def _same_places(one: CRS, other: CRS, bounds: Sequence[float]) -> bool:
    left, bottom, right, top = bounds
    xs, ys = np.array([left, left, right, right]), np.array([bottom, top, bottom, top])
    try:
        moved = Transformer.from_crs(one, other, always_xy=True).transform(xs, ys)
    except ProjError:
        return False
    size = max(1.0, float(np.abs([xs, ys]).max()))
    return bool(np.allclose(moved, (xs, ys), rtol=0, atol=_TOLERANCE * size))
