"""Raster samples, their validity masks, and picture hashes."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import numpy as np

from ..errors import ImageError
from ..i18n import translate

# values: bands x height x width, any real type; valid: height x width, bool.
Pixels = tuple[np.ndarray, np.ndarray]

# Maximum longer side of a picture in pixels, more than any RSGPT model uses. Larger areas are averaged.
MAX_SIDE = 1024
# No-data values near the limits of a float are often declared with few digits, and averaging blends them with data.
_SENTINEL, _SENTINEL_SHARE = 1e37, 1e-3
_RELATIVE_TOLERANCE = 1e-6


def no_data_mask(values: np.ndarray, no_data: float) -> np.ndarray:
    """Return a mask of the samples with the no-data value, tolerating rounding of the declared value."""
    if values.dtype.kind != "f":
        return np.asarray(values == no_data) if math.isfinite(no_data) else np.zeros(values.shape, bool)
    if math.isnan(no_data):
        return np.isnan(values)
    if abs(no_data) >= _SENTINEL:
        limit = abs(no_data) * _SENTINEL_SHARE
        return np.asarray(values >= limit if no_data > 0 else values <= -limit)
    return np.asarray(np.abs(values - no_data) <= abs(no_data) * _RELATIVE_TOLERANCE) | (
        values == values.dtype.type(no_data)
    )


def stack_bands(bands: Sequence[np.ndarray], shown: Sequence[np.ndarray], opaque: np.ndarray | None = None) -> Pixels:
    """Stack bands (height x width each) in their common type and combine their masks.

    shown: mask of data per band. opaque: mask of an alpha band or mask band, or None.
    An 8-bit pixel is invalid only if all bands have no data, because 8-bit no-data values (black, white) also occur
    as data. Raises ImageError for complex numbers.
    """
    values, masks = np.stack(bands), np.stack(shown)
    if values.dtype.kind == "c":
        sentence = translate(
            "Rsgpt", "The raster contains complex numbers, which cannot be shown. Choose another raster."
        )
        raise ImageError(sentence)
    valid = np.asarray(masks.any(axis=0) if values.dtype == np.uint8 else masks.all(axis=0))
    if values.dtype.kind == "f":
        valid = valid & np.isfinite(values).all(axis=0)
    return values, valid if opaque is None else valid & opaque


def pad_pixels(pixels: Pixels, shape: tuple[int, int], offset: tuple[int, int]) -> Pixels:
    """Return pixels placed in a larger picture of `shape` (rows, columns), where added pixels are not valid.

    offset: rows and columns added before them.
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
    """Return a picture of one or three bands (height x width x bands) as RGB."""
    return np.repeat(picture, 3, axis=2) if picture.shape[2] == 1 else picture


def pixels_sha256(shape: Sequence[int], data: bytes | memoryview) -> str:
    """Return the hexadecimal SHA-256 of the shape (height, width, bands) and the row-major bytes."""
    digest = hashlib.sha256("x".join(map(str, shape)).encode("ascii") + b"\n")
    digest.update(data)
    return digest.hexdigest()


def picture_sha256(rgb: np.ndarray) -> str:
    """Return the hash of a picture, uint8, height x width x 3."""
    return pixels_sha256(rgb.shape, np.ascontiguousarray(rgb).data)
