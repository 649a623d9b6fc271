"""Intervals have the right coverage, are based on pictures instead of answers, and are deterministic."""

from __future__ import annotations

import numpy as np
import pytest

from rsgpt_backend.evaluate.intervals import interval, ratio_interval


def names(count: int) -> list[str]:
    return [f"{number}.png" for number in range(count)]


def test_the_interval_matches_the_normal_distribution() -> None:
    values = np.random.default_rng(1).normal(50, 10, 400).tolist()
    mean, spread = np.mean(values), 1.96 * np.std(values) / 400**0.5
    assert interval(values, names(400)) == pytest.approx((mean - spread, mean + spread), abs=0.15)


def test_the_interval_is_deterministic() -> None:
    values = [1.0, 2.0, 5.0, 9.0]
    assert interval(values, names(4)) == interval(values, names(4))


def test_answers_about_one_picture_count_as_one() -> None:
    right = [100.0, 0.0] * 10
    alone, together = interval(right, names(20)), interval(right * 10, names(20) * 10)
    assert together == pytest.approx(alone)
    assert interval(right * 10, names(200))[0] > together[0]


def test_pictures_are_weighted_by_their_answers() -> None:
    low, high = interval([100.0] * 9 + [0.0], ["a"] * 9 + ["b"])
    assert (low, high) == (0.0, 100.0)
    assert interval([7.0] * 5, names(5)) == (7.0, 7.0)


def test_a_ratio_is_that_of_the_sums() -> None:
    low, high = ratio_interval([2, 0, 4, 6], [4, 0, 4, 10])
    assert 0.5 <= low < 12 / 18 < high <= 1.0
    assert ratio_interval([1, 1], [2, 2]) == (0.5, 0.5)


def test_a_ratio_without_counts_is_0() -> None:
    assert ratio_interval([0, 0], [0, 0]) == (0.0, 0.0)
    assert ratio_interval([0, 3], [0, 4])[1] == 0.75
