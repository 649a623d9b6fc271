"""Numbers in English text."""

from __future__ import annotations

import pytest

from rsgpt_plugin.shared.answers.numbers import find_numbers, number_in_words


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
        ("two thousand", [2000]),
        ("3 million people", [3_000_000]),
        ("two million three hundred thousand and one", [2_300_001]),
        ("twelve hundred", [1200]),
        ("two dozen", [24]),
        ("2 dozen", [24]),
        ("a dozen", [12]),
        ("half a dozen", [6]),
        ("a thousand", [1000]),
        ("(4)", [4]),
        ("3-5", [None]),
        ("3.5", [None]),
        ("40%", [None]),
        ("the 3rd", [None]),
        ("1,23", [None]),
        ("9e3", [None]),
        ("1.5 million", [None]),
        ("two three", [None]),
        ("thousand million", [None]),
        ("9" * 5000, [None]),
        ("a B52", []),
        ("B-52", []),
        ("several", []),
        ("dozens", []),
        ("someone often weighs tentacles", []),
    ],
)
def test_numbers_are_found(text: str, numbers: list[object]) -> None:
    assert [number.value for number in find_numbers(text)] == numbers


def test_numbers_have_start_and_end() -> None:
    text = "There are two dozen, 3 red."
    assert [text[number.start : number.end] for number in find_numbers(text)] == ["two dozen", "3"]


@pytest.mark.parametrize("number", [*range(101), *range(200, 1001, 100)])
def test_a_number_in_words_is_read_back(number: int) -> None:
    assert [match.value for match in find_numbers(number_in_words(number))] == [number]
