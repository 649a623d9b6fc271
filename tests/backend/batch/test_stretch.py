"""One stretch for a raster: when none is needed, what it ignores, what a constant band becomes."""

from __future__ import annotations

import numpy as np
import pytest

from rsgpt_backend.batch.stretch import SAMPLED_WINDOWS, Stretch, measure, spread

ALL = np.ones((32, 32), bool)


def ramp(kind: str, low: float, high: float) -> np.ndarray:
    return np.linspace(low, high, 1024).reshape(1, 32, 32).astype(kind)


def test_bytes_that_use_their_range_are_left_alone() -> None:
    values = ramp("uint8", 0, 255)
    stretch = measure([(values, ALL)])
    assert stretch == Stretch()
    assert np.array_equal(stretch.apply((values, ALL))[..., 0], values[0])


@pytest.mark.parametrize("kind", ["uint8", "uint16", "int16", "float32", "float64"])
def test_others_are_stretched_over_what_most_of_them_use(kind: str) -> None:
    stretch = measure([(ramp(kind, 10, 50), ALL)])
    assert stretch is not None
    assert stretch.limits[0] == pytest.approx((10.8, 49.2), abs=1)
    shown = stretch.apply((ramp(kind, 10, 50), ALL))
    assert (shown.min(), shown.max()) == (0, 255)


def test_what_is_not_valid_is_black_and_does_not_count() -> None:
    values, valid = ramp("int16", 100, 900), ALL.copy()
    values[0, :4], valid[:4] = -9999, False
    stretch = measure([(values, valid)])
    assert stretch is not None
    assert stretch.limits[0][0] > 0
    assert not stretch.apply((values, valid))[:4].any()


def test_a_constant_band_is_grey() -> None:
    values = np.full((1, 32, 32), 7, np.uint16)
    stretch = measure([(values, ALL)])
    assert stretch is not None
    assert set(stretch.apply((values, ALL)).ravel()) == {128}


def test_no_valid_pixel_no_stretch() -> None:
    assert measure([(ramp("uint8", 0, 9), ~ALL)] * 3) is None


def test_only_so_many_samples_are_taken() -> None:
    taken = []
    measure((taken.append(number), (ramp("uint16", 0, 9), ALL))[1] for number in range(1000))
    assert len(taken) == SAMPLED_WINDOWS


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 1000])
def test_every_beginning_is_spread_over_the_whole(count: int) -> None:
    order = list(spread(count))
    assert sorted(order) == list(range(count))
    if count == 1000:
        assert max(np.diff(sorted(order[:SAMPLED_WINDOWS]))) <= 20


def test_the_column_says_the_limits() -> None:
    assert Stretch().describe((1,)) == "none"
    assert Stretch(((0.5, 2.0), (1.0, 1000.0))).describe((4, 2)) == "2-98% 4: 0.5..2, 2: 1..1000"
