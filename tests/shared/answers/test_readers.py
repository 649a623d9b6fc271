"""Readers: speed on odd replies, number limits and similar choices."""

from __future__ import annotations

import time

import pytest

from rsgpt_plugin.shared.answers.questions import parse_questions
from rsgpt_plugin.shared.answers.typed_answers import RawAnswer, read_answer

LINES = ("w[yesno]: Is there water?", "n[integer]: How many?", "c[choice(a b|c)]: Which?", "t[text]: What?")
QUESTIONS = parse_questions("\n".join(LINES))
PARTS = (
    *("not ", "kann a ", "no ", "_", "*", "1", "1 ", "one ", "a hundred and "),
    *(", ", "?", '{"a":', "`", "a_", "\n- ", "1-"),
)
ONCE = ("in " + "x" * 3990, "kann " + "a " * 1900, " " * 3990 + "x", "x" * 100_000, "word " * 20_000)
REPLIES = [*(part * (3990 // len(part)) for part in PARTS), *ONCE]


@pytest.mark.parametrize("text", REPLIES, ids=lambda text: ascii(text[:9]))
def test_an_odd_reply_is_read_quickly(text: str) -> None:
    start = time.process_time()
    for question in QUESTIONS:
        read_answer(question, RawAnswer(text, 0.9))
    assert time.process_time() - start < 2


def test_a_number_beyond_32_bits_has_no_value() -> None:
    values = [read_answer(QUESTIONS[1], RawAnswer(text, 0.9)).value for text in ("2147483647", "2147483648")]
    assert values == [2**31 - 1, None]


@pytest.mark.parametrize("choices", ["<50%|>50%", "C|C++", "A+|A-"])
def test_choices_that_differ_only_in_punctuation_are_distinguished(choices: str) -> None:
    (question,) = parse_questions(f"grade[choice({choices})]: Which?")
    for choice in choices.split("|"):
        assert read_answer(question, RawAnswer(choice, 0.9)).value == choice
