"""Samples of a raster and which of them are valid; pictures made of them. Knows no raster format."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import numpy as np

from ..errors import ImageError
from ..i18n import translate

# values: bands x height x width of any real type; valid: bool, height x width.
Pixels = tuple[np.ndarray, np.ndarray]

# The longer side of a picture, in pixels: more than any model of ours looks at. Larger areas are averaged.
MAX_SIDE = 1024
# No-data values at the limits of a float are often written down with few digits, and averaging blends them with data.
_SENTINEL, _SENTINEL_SHARE = 1e37, 1e-3
_RELATIVE_TOLERANCE = 1e-6


def is_no_data(values: np.ndarray, no_data: float) -> np.ndarray:
    """Where samples have the raster's no-data value, allowing for how that was rounded when it was written down."""
    if values.dtype.kind != "f":
        return np.asarray(values == no_data) if math.isfinite(no_data) else np.zeros(values.shape, bool)
    if math.isnan(no_data):
        return np.isnan(values)
    if abs(no_data) >= _SENTINEL:
        least = abs(no_data) * _SENTINEL_SHARE
        return np.asarray(values >= least if no_data > 0 else values <= -least)
    return np.asarray(np.abs(values - no_data) <= abs(no_data) * _RELATIVE_TOLERANCE) | (
        values == values.dtype.type(no_data)
    )


def stacked(bands: Sequence[np.ndarray], shown: Sequence[np.ndarray], opaque: np.ndarray | None = None) -> Pixels:
    """All bands in one array of their common type, and where a pixel is valid.

    shown: for each band, where it has data. opaque: where an alpha band or mask shows something, or None.
    In 8 bits the no-data value is often a real value too (black, white), so there all bands must have it.
    """
    values, masks = np.stack(bands), np.stack(shown)
    if values.dtype.kind == "c":
        sentence = translate("Rsgpt", "The raster holds complex numbers, which cannot be shown. Choose another raster.")
        raise ImageError(sentence)
    valid = np.asarray(masks.any(axis=0) if values.dtype == np.uint8 else masks.all(axis=0))
    if values.dtype.kind == "f":
        valid = valid & np.isfinite(values).all(axis=0)
    return values, valid if opaque is None else valid & opaque


def padded(pixels: Pixels, shape: tuple[int, int], offset: tuple[int, int]) -> Pixels:
    """The same within a larger picture of `shape` rows and columns; what is added is not valid.

    offset: rows and columns before them.
    """
    values, valid = pixels
    height, width = min(valid.shape[0], shape[0] - offset[0]), min(valid.shape[1], shape[1] - offset[1])
    rows, columns = slice(offset[0], offset[0] + height), slice(offset[1], offset[1] + width)
    larger = np.zeros((len(values), *shape), values.dtype)
    shown = np.zeros(shape, bool)
    larger[:, rows, columns] = values[:, :height, :width]
    shown[rows, columns] = valid[:height, :width]
    return larger, shown


def as_rgb(picture: np.ndarray) -> np.ndarray:
    """A picture of one or three bands (height x width x bands) as red, green and blue."""
    return np.repeat(picture, 3, axis=2) if picture.shape[2] == 1 else picture


def pixels_sha256(shape: Sequence[int], data: bytes | memoryview) -> str:
    """SHA-256 in hexadecimal over the shape (height, width, bands) and the row-major bytes. Nothing else enters."""
    digest = hashlib.sha256("x".join(map(str, shape)).encode("ascii") + b"\n")
    digest.update(data)
    return digest.hexdigest()


def picture_sha256(rgb: np.ndarray) -> str:
    """The same of a picture, uint8, height x width x 3."""
    return pixels_sha256(rgb.shape, np.ascontiguousarray(rgb).data)
