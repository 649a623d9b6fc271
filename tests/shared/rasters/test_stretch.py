"""Contrast stretch: measuring, applying and sampling order."""

from __future__ import annotations

import numpy as np
import pytest

from rsgpt_plugin.shared.rasters.stretch import SAMPLED_WINDOWS, Stretch, measure_stretch, sampling_order


def samples(values: np.ndarray, valid: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    return values, np.ones(values.shape[1:], bool) if valid is None else valid


def test_full_range_bytes_are_not_stretched() -> None:
    values = np.tile(np.arange(256, dtype=np.uint8), (3, 4, 1))
    stretch = measure_stretch([samples(values)])
    assert stretch == Stretch()
    shown = stretch.apply(samples(values))
    assert np.array_equal(shown, values.transpose(1, 2, 0))
    assert stretch.describe((1, 2, 3)) == "none"


def test_dark_bytes_are_stretched() -> None:
    values = np.tile(np.arange(20, dtype=np.uint8), (1, 50, 1))
    stretch = measure_stretch([samples(values)])
    assert stretch is not None
    shown = stretch.apply(samples(values))
    assert (shown.min(), shown.max()) == (0, 255)


def test_percentiles_use_only_valid_pixels() -> None:
    values = np.full((1, 100, 100), -9999.0, np.float32)
    values[0, :50] = np.linspace(10, 20, 5000).reshape(50, 100)
    stretch = measure_stretch([samples(values, values[0] > -1)])
    assert stretch is not None
    assert stretch.limits[0] == pytest.approx((10.2, 19.8), abs=0.05)


def test_each_band_is_stretched_separately() -> None:
    ramp = np.linspace(0, 1000, 400).reshape(20, 20)
    stretch = measure_stretch([samples(np.stack([ramp, ramp * 10]).astype(np.uint16))])
    assert stretch is not None
    shown = stretch.apply(samples(np.stack([ramp, ramp * 10]).astype(np.uint16)))
    assert np.abs(shown[..., 0].astype(int) - shown[..., 1]).max() <= 1
    assert stretch.describe((4, 1)).startswith("2-98% 4: ")


def test_a_constant_band_becomes_gray() -> None:
    values = np.full((1, 8, 8), 7, np.uint16)
    stretch = measure_stretch([samples(values)])
    assert stretch is not None
    assert set(stretch.apply(samples(values)).ravel()) == {128}


def test_invalid_pixels_become_black() -> None:
    values = np.full((1, 2, 2), 200, np.uint8)
    valid = np.array([[True, False], [True, True]])
    assert Stretch().apply((values, valid))[..., 0].tolist() == [[200, 0], [200, 200]]
    with_nan = np.array([[[0.0, np.nan], [0.5, 1.0]]])
    assert Stretch(((0.0, 1.0),)).apply((with_nan, valid))[..., 0].tolist() == [[0, 0], [128, 255]]


def test_measure_returns_none_without_valid_pixels() -> None:
    assert measure_stretch([samples(np.zeros((1, 4, 4)), np.zeros((4, 4), bool))]) is None
    assert measure_stretch([]) is None


def test_a_single_valid_pixel_in_a_large_window_is_measured() -> None:
    valid = np.zeros((1000, 1000), bool)
    valid[501, 503] = True
    assert measure_stretch([samples(np.ones((1, 1000, 1000), np.uint16), valid)]) == Stretch(((1.0, 1.0),))


def test_measure_stops_after_enough_samples() -> None:
    taken = []

    def windows() -> object:
        for number in range(1000):
            taken.append(number)
            yield samples(np.full((1, 2, 2), number, np.uint16))

    assert measure_stretch(windows()) is not None  # type: ignore[arg-type]
    assert len(taken) == SAMPLED_WINDOWS


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 1000])
def test_spread_yields_every_number_once(count: int) -> None:
    order = list(sampling_order(count))
    assert sorted(order) == list(range(count))
    if count == 1000:
        assert max(order[:SAMPLED_WINDOWS]) > 900
