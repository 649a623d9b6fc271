"""How many requests may be under way, after what happened to those before."""

from __future__ import annotations

import pytest

from rsgpt_plugin.client.server.request_limit import Allowance


def test_it_adds_one_after_each_clean_round_up_to_the_most() -> None:
    allowance = Allowance(2, 4)
    seen = []
    for _ in range(10):
        allowance.answered()
        seen.append(allowance.allowed)
    assert seen == [2, 3, 3, 3, 4, 4, 4, 4, 4, 4]


def test_it_halves_once_for_all_that_were_under_way_together() -> None:
    allowance = Allowance(8, 8)
    for _ in range(8):
        allowance.fell_behind()
    assert allowance.allowed == 4
    allowance.fell_behind()
    assert allowance.allowed == 2


def test_a_round_with_a_stumble_is_not_clean() -> None:
    allowance = Allowance(2, 8)
    allowance.answered()
    allowance.fell_behind()
    allowance.answered()
    assert allowance.allowed == 2  # halved to one, whose round was clean


@pytest.mark.parametrize("most", [1, 32])
def test_one_that_begins_at_the_most_stays_between(most: int) -> None:
    allowance = Allowance(32, most)
    allowance.answered()
    assert allowance.allowed == most
    for _ in range(200):
        allowance.fell_behind()
    assert allowance.allowed == 1
