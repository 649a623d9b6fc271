"""The likeliest choice, its share, and the others beside it; and the engine's answers to asks that have choices."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from rsgpt_backend.engine import engine as engine_module
from rsgpt_backend.engine.choices import likeliest, options_of, spellings, together, with_choices, wordings
from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.predictor import Ask
from tests.backend.engine.test_engine import ask
from tests.backend.toy import picture

CHOICES = ("many green trees", "gray", "a road")
SCALES = {"yes_no": (0.5, 0.2), "phrase": (0.1, 0.0), "choice": (0.7, -0.1), "number": (0.2, -0.3)}


def asking(*choices: str, top: int = 20) -> Ask:
    return Ask(picture(0), "key", "gray", top_logprobs=top, choices=choices)


def test_the_likeliest_with_its_share_and_the_others_after_it() -> None:
    token, sure = likeliest(asking("a", "b", "c"), [math.log(0.001), math.log(0.006), math.log(0.003)], {})
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


@pytest.mark.parametrize(
    ("asked", "scale"),
    [
        (asking("yes", "no"), (0.5, 0.2)),
        (asking("yes", "maybe"), (0.7, -0.1)),
        (Ask(picture(0), "key", "gray", choices=("1", "2"), is_number=True), (0.2, -0.3)),
    ],
)
def test_each_kind_of_choice_has_a_scale_of_its_own(asked: Ask, scale: tuple[float, float]) -> None:
    odds = scale[0] * math.log(4) + scale[1]
    assert likeliest(asked, [math.log(0.8), math.log(0.2)], SCALES)[1] == pytest.approx(1 / (1 + math.exp(-odds)))
    assert likeliest(asked, [math.log(0.8), math.log(0.2)], {})[1] == pytest.approx(0.8)


def test_choices_are_read_as_answers_are_learnt(toy: Rsgpt) -> None:
    lead = toy.config.language.lead
    options = options_of(toy, asking("many green trees", "yes"))
    texts = [f"{lead}many green trees", f"{lead}yes", f"{lead}Yes"]
    assert [toy.tokenizer.decode(one) for one in options] == texts


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


@pytest.mark.parametrize("listed", [False, True])
def test_the_order_of_choices_does_not_matter(engine: Engine, listed: bool) -> None:
    orders = list(permutations(CHOICES))
    prompts = [f"What is this? Choose one of: {', '.join(order)}." if listed else "gray" for order in orders]
    answers = engine.answer([ask(0, prompt, choices=order) for prompt, order in zip(prompts, orders, strict=True)])
    assert len({answer.text for answer in answers}) == 1
    assert all(answer.confidence == pytest.approx(answers[0].confidence, abs=1e-4) for answer in answers)


def test_a_list_is_shown_in_several_orders_that_its_names_decide() -> None:
    prompt = "What is this? Choose one of: {}."
    told = [
        wordings(replace(asking(*order), prompt=prompt.format(", ".join(order)))) for order in ("cabd", "abcd", "dcba")
    ]
    assert told[0] == told[1] == told[2]
    assert told[0] == [prompt.format(", ".join(order)) for order in ("abcd", "bcda", "cdab", "dabc")]


def test_a_prompt_without_the_list_is_asked_as_it_is() -> None:
    assert wordings(asking("a", "b")) == ["gray"]
    other = replace(asking("a", "b"), prompt="What? Choose one of: a, c.")
    assert wordings(other) == [other.prompt]


def test_a_long_list_is_shown_four_times() -> None:
    names = [chr(ord("a") + number) for number in range(10)]
    told = wordings(replace(asking(*names), prompt=f"What? Choose one of: {', '.join(names)}."))
    assert [text.partition(": ")[2][0] for text in told] == ["a", "c", "f", "h"]


def test_spellings_of_a_choice_count_together_and_wordings_are_averaged() -> None:
    logs = [math.log(one) for one in (0.1, 0.3, 0.2, 0.0001)]
    again = [math.log(one) for one in (0.1, 0.1, 0.05, 0.05)]
    found = together(asking("yes", "no"), [logs, again])
    assert found == pytest.approx([math.log(0.4 * 0.2) / 2, math.log(0.2001 * 0.1) / 2])


def test_a_number_is_answered_in_digits_and_no_other_way(engine: Engine) -> None:
    answers = engine.answer([ask(number, "How many?", is_number=True, top_logprobs=20) for number in range(3)])
    for one in answers:
        assert one.text.isdecimal()
        assert (one.finish_reason, one.tokens[0].text) == ("stop", one.text)
        assert 0 < one.confidence <= 1


def test_a_number_in_digits_and_in_words_is_the_same_number() -> None:
    asked = with_choices(Ask(picture(0), "key", "How many?", is_number=True))
    written = dict(zip(asked.choices, spellings(asked), strict=True))
    assert written["21"] == ("21", "twenty-one")
    assert (written["0"], written["100"]) == (("0", "zero"), ("100", "one hundred"))
    assert written["1000"] == ("1000", "one thousand")


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

    def counted(language: Any, prefix: Any, options: Any, *more: Any) -> Any:
        parts.append(sum(map(len, options)))
        return score(language, prefix, options, *more)

    monkeypatch.setattr(engine_module, "score", counted)
    monkeypatch.setattr(engine_module, "_CHOICES", 6)
    assert [one.text for one in engine.answer(asks)] == wanted
    assert parts == [6, 6, 3]
