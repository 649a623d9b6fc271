"""The likeliest choice, its share, and the others beside it; and the engine's answers to asks that have choices."""

from __future__ import annotations

import math
from typing import Any

import pytest

from rsgpt_backend import engine as engine_module
from rsgpt_backend.asking import Ask
from rsgpt_backend.choosing import likeliest, options_of
from rsgpt_backend.engine import Engine
from rsgpt_backend.model.rsgpt import Rsgpt
from tests.backend.test_engine import ask
from tests.backend.toy import picture

CHOICES = ("many green trees", "gray", "a road")
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


def test_choices_and_free_asks_share_a_batch(engine: Engine) -> None:
    asks = [
        ask(0, choices=CHOICES),
        ask(1),
        ask(2, "gray", choices=("yes", "no")),
        ask(3, beams=3),
        ask(4, choices=CHOICES),
    ]
    together = engine.answer(asks)
    for one, answer in zip(asks, together, strict=True):
        single = engine.answer([one])[0]
        assert (answer.text, answer.confidence) == (single.text, pytest.approx(single.confidence, abs=1e-4))
    for place in (0, 2, 4):
        assert together[place].text in asks[place].choices
        assert (together[place].finish_reason, together[place].degenerate) == ("stop", False)


def test_the_order_of_choices_does_not_matter(engine: Engine) -> None:
    first, second = engine.answer([ask(0, choices=CHOICES), ask(0, choices=CHOICES[::-1])])
    assert (first.text, first.confidence) == (second.text, pytest.approx(second.confidence, abs=1e-4))


def test_a_choice_is_told_as_one_token_before_its_answer(engine: Engine) -> None:
    told, ended = engine.stream([ask(0, choices=CHOICES, top_logprobs=3, temperature=1.0)])
    assert told.token is not None
    assert ended.answer is not None
    assert ended.answer.tokens == (told.token,)
    assert told.token.text == ended.answer.text
    shares = [math.exp(logprob) for _, logprob in told.token.top]
    assert (sum(shares), shares[0]) == (pytest.approx(1.0), pytest.approx(ended.answer.confidence))


def test_a_cancelled_choice_has_no_answer(engine: Engine) -> None:
    asks = [ask(0, choices=CHOICES), ask(1, choices=CHOICES)]
    asks[0].cancel.set()
    gone, answered = engine.answer(asks)
    assert (gone.finish_reason, gone.text) == ("cancelled", "")
    assert answered.text in CHOICES


def test_many_choices_are_scored_in_parts(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    asks = [ask(number, choices=CHOICES) for number in range(5)]
    wanted = [one.text for one in engine.answer(asks)]
    score, parts = engine_module.score, list[int]()

    def counted(language: Any, prefix: Any, options: Any, rules: Any) -> Any:
        parts.append(sum(map(len, options)))
        return score(language, prefix, options, rules)

    monkeypatch.setattr(engine_module, "score", counted)
    monkeypatch.setattr(engine_module, "_CHOICES", 6)
    assert [one.text for one in engine.answer(asks)] == wanted
    assert parts == [6, 6, 3]
