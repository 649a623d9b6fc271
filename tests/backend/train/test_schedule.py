"""The learning rate rises linearly and falls as a cosine to its minimum."""

from __future__ import annotations

import itertools
import math

import pytest

from rsgpt_backend.train.schedule import LearningRateSchedule


def test_the_learning_rate_rises_and_falls() -> None:
    shares = [LearningRateSchedule(1000, 100, 1.0).rate(step) for step in range(1000)]
    assert shares[99] == shares[100] == 1
    assert all(one < other for one, other in itertools.pairwise(shares[:100]))
    assert all(one > other for one, other in itertools.pairwise(shares[100:]))
    assert shares[-1] < 1e-4


def test_minimum_and_peak() -> None:
    schedule = LearningRateSchedule(110, 10, 1.0, 0.1)
    assert [schedule.rate(step) for step in (0, 4, 9, 10)] == [0.1, 0.5, 1.0, 1.0]
    assert schedule.rate(60) == pytest.approx(0.55)
    assert schedule.rate(110) == pytest.approx(0.1)
    assert schedule.rate(500) == pytest.approx(0.1)


def test_the_schedule_of_rsgpt() -> None:
    """The warm-up takes the 40 steps of the first epoch; the cosine covers all 200 steps."""
    schedule = LearningRateSchedule(200, 40, 3e-5, 1e-5, first=1e-6, through=True)
    assert schedule.rate(0) == pytest.approx(1e-6)
    assert schedule.rate(20) == pytest.approx(1e-6 + 2.9e-5 * 20 / 40)
    assert schedule.rate(40) == pytest.approx(1e-5 + 2e-5 * 0.5 * (1 + math.cos(math.pi * 40 / 200)))
    assert schedule.rate(200) == pytest.approx(1e-5)
