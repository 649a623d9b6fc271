"""Whole numbers in text."""

from __future__ import annotations

import pytest

from rsgpt_plugin.shared.numbers import whole_numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("12", [12]),
        ("There are 1,234 trees.", [1234]),
        ("There are 12.", [12]),
        ("-3 degrees", [-3]),
        ("twelve", [12]),
        ("Twenty-one cars", [21]),
        ("twenty one", [21]),
        ("one hundred and five", [105]),
        ("a hundred houses", [100]),
        ("three hundred forty two", [342]),
        ("zero", [0]),
        ("two planes and three cars", [2, 3]),
        ("3-5", [3, 5]),
        ("3.5", []),
        ("40%", []),
        ("a B52", []),
        ("several", []),
        ("someone often weighs tentacles", []),
    ],
)
def test_numbers_are_found(text: str, numbers: list[int]) -> None:
    assert list(whole_numbers(text)) == numbers
