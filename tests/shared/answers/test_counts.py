"""A reply has a count only if it states exactly one exact number of the thing that the question asks for."""

from __future__ import annotations

from typing import Optional

import pytest

from rsgpt_plugin.shared.answers.counts import is_bare, one_count

QUESTION = "How many cars are there?"


@pytest.mark.parametrize(
    ("reply", "count"),
    [
        ("3", 3),
        ("Three.", 3),
        ("3 cars", 3),
        ("There are 12 cars.", 12),
        ("There are about 12 cars.", 12),
        ("I can see exactly two cars in the picture.", 2),
        ("Count: 7", 7),
        ("(4)", 4),
        ("There are 2 cars (2).", 2),
        ("4 of 4", 4),
        ("There are 12 cars. I count 12 cars.", 12),
        ("5 - red ones", 5),
        ("3 \U0001f697", 3),
        ("2147483647", 2**31 - 1),
        ("none", 0),
        ("None of them are visible.", 0),
        ("There are no cars.", 0),
        ("No cars.", 0),
        ("There aren't any cars.", 0),
        ("There are not any cars in the image.", 0),
        ("No cars are visible, so the count is 0.", 0),
    ],
)
def test_one_exact_count_is_read(reply: str, count: int) -> None:
    assert one_count([reply], QUESTION) == count


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "many",
        "several cars",
        "at least 3 cars",
        "There are more than 3 cars.",
        "3 or 4 cars",
        "3-5",
        "between 2 and 4",
        "There are 3 cars and 2 trucks.",
        "There are 3 cars and a truck.",
        "There are 3 cars. There are 5 cars.",
        "2147483648",
        "3.5",
        "50%",
        "3 percent",
        "half a dozen or so",
        "1. A red car",
        "in 2019",
        "the B 52",
        "car 7",
        "\u20ac 5",
        "no doubt",
        "no longer 5",
        "no images",
        "There are no trees.",
        "There are never 3 cars.",
        "not 3",
        "3 could be cars",
        "3\u00b0",
    ],
)
def test_anything_else_has_no_count(reply: str) -> None:
    assert one_count([reply], QUESTION) is None


@pytest.mark.parametrize(
    ("reply", "question", "count"),
    [
        ("There are 4 cars within 200 meters.", QUESTION, 4),
        ("It is 200 meters.", "How many meters wide is it?", 200),
        ("It is 200 meters.", QUESTION, None),
        ("There are 3 rows of cars.", QUESTION, None),
        ("There are 3 rows of cars.", "How many rows are there?", 3),
        ("There are no boats.", "How many boats?", 0),
        ("There are no boats.", "How many?", 0),
    ],
)
def test_the_question_decides_what_is_counted(reply: str, question: str, count: Optional[int]) -> None:
    assert one_count([reply], question) == count


def test_a_bare_first_sentence_is_the_answer() -> None:
    assert one_count(["12", "The 3 trucks stand near the road."], QUESTION) == 12
    assert one_count(["None.", "There are 3 trucks."], QUESTION) == 0
    assert one_count(["There are 12 cars.", "The 3 trucks stand near them."], QUESTION) is None


def test_no_sentence_has_no_count() -> None:
    assert one_count([], QUESTION) is None


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("3", True),
        ("Three cars", True),
        ("12 small red cars", True),
        ("12 small and dark red cars", False),
        ("none", True),
        ("None.", True),
        ("There are 3", False),
        ("3 of 4", False),
        ("none the less", False),
        ("", False),
        ("cars", False),
    ],
)
def test_a_bare_sentence_is_a_number_and_few_words(sentence: str, expected: bool) -> None:
    assert is_bare(sentence) is expected
