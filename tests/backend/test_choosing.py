"""The likeliest choice, its share, and the others beside it."""

from __future__ import annotations

import math

import pytest

from rsgpt_backend.asking import Ask
from rsgpt_backend.choosing import likeliest, options_of
from rsgpt_backend.model.rsgpt import Rsgpt
from tests.backend.toy import picture

SCALES = {"yes_no": (0.5, 0.2), "phrase": (0.1, 0.0)}


def asking(*choices: str, top: int = 20) -> Ask:
    return Ask(picture(0), "key", "gray", top_logprobs=top, choices=choices)


def test_the_likeliest_with_its_share_and_the_others_after_it() -> None:
    token, sure = likeliest(asking("a", "b", "c"), [math.log(0.001), math.log(0.006), math.log(0.003)], SCALES)
    assert (token.text, sure) == ("b", pytest.approx(0.6))
    assert [text for text, _ in token.top] == ["b", "c", "a"]
    assert [math.exp(logprob) for _, logprob in token.top] == pytest.approx([0.6, 0.3, 0.1])
    assert math.exp(token.logprob) == pytest.approx(0.6)


def test_no_more_alternatives_than_are_asked_for() -> None:
    assert [text for text, _ in likeliest(asking("a", "b", "c", top=2), [-3.0, -1.0, -2.0], {})[0].top] == ["b", "c"]
    assert likeliest(asking("a", "b", top=0), [-3.0, -1.0], {})[0].top == ()


def test_what_is_most_unlikely_still_has_a_share() -> None:
    token, sure = likeliest(asking("a", "b"), [-5000.0, -5001.0], {})
    assert (token.text, sure) == ("a", pytest.approx(1 / (1 + math.exp(-1))))


def test_only_a_yes_or_no_is_set_right_as_one() -> None:
    even = [math.log(0.8), math.log(0.2)]
    assert likeliest(asking("yes", "no"), even, SCALES)[1] == pytest.approx(
        1 / (1 + math.exp(-0.5 * math.log(4) - 0.2))
    )
    assert likeliest(asking("yes", "maybe"), even, SCALES)[1] == pytest.approx(0.8)


def test_choices_are_read_as_answers_are_learnt(toy: Rsgpt) -> None:
    lead = toy.config.language.lead
    options = options_of(toy, asking("many green trees", "yes"))
    assert [toy.tokenizer.decode(one) for one in options] == [f"{lead}many green trees", f"{lead}yes"]
