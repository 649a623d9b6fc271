"""The learning rate rises in a line and falls in a cosine, to a least that it then keeps."""

from __future__ import annotations

import itertools

import pytest

from rsgpt_backend.train.schedule import learning_rate


def test_the_learning_rate_rises_and_falls() -> None:
    shares = [learning_rate(step, 1000, 100, 1.0) for step in range(1000)]
    assert shares[99] == shares[100] == 1
    assert all(one < other for one, other in itertools.pairwise(shares[:100]))
    assert all(one > other for one, other in itertools.pairwise(shares[100:]))
    assert shares[-1] < 1e-4


def test_a_least_and_a_peak() -> None:
    def rate(step: int) -> float:
        return learning_rate(step, 110, 10, 1.0, 0.1)

    assert [rate(step) for step in (0, 4, 9, 10)] == [0.1, 0.5, 1.0, 1.0]
    assert rate(60) == pytest.approx(0.55)
    assert rate(110) == pytest.approx(0.1)
    assert rate(500) == pytest.approx(0.1)
