"""No-data masks, stacking of bands, padding and hashes."""

from __future__ import annotations

import numpy as np
import pytest

from rsgpt_plugin.shared.errors import ImageError
from rsgpt_plugin.shared.rasters.pixels import (
    as_rgb,
    no_data_mask,
    pad_pixels,
    picture_sha256,
    pixels_sha256,
    stack_bands,
)

LOWEST = -3.4028234663852886e38


@pytest.mark.parametrize(
    ("kind", "stored", "declared", "expected"),
    [
        ("uint8", 255, 255.0, True),
        ("uint8", 241, -9999.0, False),  # -9999 modulo 256
        ("uint8", 0, float("nan"), False),
        ("int8", -128, -128.0, True),
        ("uint16", 65535, 65535.0, True),
        ("uint16", 65534, 65535.0, False),
        ("int16", -32768, -9999.0, False),
        ("int32", 2147483647, 2147483647.0, True),
        ("float32", -9999.9, -9999.9, True),
        ("float32", 0.1, 0.1, True),
        ("float32", LOWEST, LOWEST, True),
        ("float32", LOWEST, -3.40282e38, True),
        ("float32", LOWEST, -3.4e38, True),
        ("float32", LOWEST / 4, -3.4e38, True),  # averaged with data
        ("float32", 1e20, 1e20, True),
        ("float32", np.nan, float("nan"), True),
        ("float32", 0.0, float("nan"), False),
        ("float64", 1.0, 0.0, False),
        ("float64", 9999.5, 9999.0, False),
        ("float64", 3e38, -3.4e38, False),
    ],
)
def test_no_data_is_found_despite_rounding(kind: str, stored: float, declared: float, expected: bool) -> None:
    values = np.array([[stored, 7]], dtype=kind)
    assert no_data_mask(values, declared).tolist() == [[expected, False]]


def test_8_bit_pixels_are_invalid_only_if_all_bands_have_no_data() -> None:
    shown = [np.array([[True, False]]), np.array([[False, False]])]
    assert stack_bands([np.ones((1, 2), np.uint8)] * 2, shown)[1].tolist() == [[True, False]]
    assert stack_bands([np.ones((1, 2), np.uint16)] * 2, shown)[1].tolist() == [[False, False]]


def test_infinite_or_transparent_pixels_are_not_valid() -> None:
    values = [np.array([[1.0, np.nan, np.inf, 2.0]], np.float32)]
    everywhere = [np.ones((1, 4), bool)]
    assert stack_bands(values, everywhere)[1].tolist() == [[True, False, False, True]]
    opaque = np.array([[False, True, True, True]])
    assert stack_bands(values, everywhere, opaque)[1].tolist() == [[False, False, False, True]]


def test_bands_of_different_types_are_stacked() -> None:
    bands: list[np.ndarray] = [
        np.full((1, 1), 200, np.uint8),
        np.full((1, 1), 60000, np.uint16),
        np.full((1, 1), 0.5, np.float32),
    ]
    values, _ = stack_bands(bands, [np.ones((1, 1), bool)] * 3)
    assert values.ravel().tolist() == [200, 60000, 0.5]


def test_complex_numbers_are_refused() -> None:
    with pytest.raises(ImageError, match="complex"):
        stack_bands([np.ones((1, 1), np.complex64)], [np.ones((1, 1), bool)])


def test_added_pixels_are_not_valid() -> None:
    values, valid = pad_pixels((np.ones((2, 2, 3), np.int16), np.ones((2, 3), bool)), (4, 5), (1, 2))
    assert values.shape == (2, 4, 5)
    assert np.argwhere(valid).tolist() == [[y, x] for y in (1, 2) for x in (2, 3, 4)]
    assert values[0][valid].all()
    assert not values[0][~valid].any()


def test_the_hash_depends_on_the_shape() -> None:
    assert pixels_sha256((2, 3, 3), bytes(18)) != pixels_sha256((3, 2, 3), bytes(18))
    gray = np.arange(6, dtype=np.uint8).reshape(2, 3, 1)
    rgb = as_rgb(gray)
    assert picture_sha256(rgb) == pixels_sha256((2, 3, 3), np.repeat(gray, 3, axis=2).tobytes())
    assert picture_sha256(rgb[:, ::-1]) == picture_sha256(rgb[:, ::-1].copy())
