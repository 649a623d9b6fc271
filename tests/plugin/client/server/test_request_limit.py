"""Growth and reduction of the number of requests in flight."""

from __future__ import annotations

import pytest

from rsgpt_plugin.client.server.request_limit import Allowance


def test_the_limit_grows_by_one_after_each_clean_round_up_to_the_maximum() -> None:
    allowance = Allowance(2, 4)
    limits = []
    for _ in range(10):
        allowance.answered()
        limits.append(allowance.allowed)
    assert limits == [2, 3, 3, 3, 4, 4, 4, 4, 4, 4]


def test_failures_in_flight_together_halve_the_limit_once() -> None:
    allowance = Allowance(8, 8)
    for _ in range(8):
        allowance.server_is_slow()
    assert allowance.allowed == 4
    allowance.server_is_slow()
    assert allowance.allowed == 2


def test_a_round_with_a_failure_is_not_clean() -> None:
    allowance = Allowance(2, 8)
    allowance.answered()
    allowance.server_is_slow()
    allowance.answered()
    assert allowance.allowed == 2  # halved to one, then one clean round


@pytest.mark.parametrize("maximum", [1, 32])
def test_the_limit_stays_between_one_and_the_maximum(maximum: int) -> None:
    allowance = Allowance(32, maximum)
    allowance.answered()
    assert allowance.allowed == maximum
    for _ in range(200):
        allowance.server_is_slow()
    assert allowance.allowed == 1
