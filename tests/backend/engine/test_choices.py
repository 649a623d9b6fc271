"""The likeliest choice with its share and alternatives, and the engine's answers to asks with choices."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from rsgpt_backend.engine import engine as engine_module
from rsgpt_backend.engine.answer_row import AnswerRow
from rsgpt_backend.engine.choices import (
    choice_form,
    choice_logprobs,
    kind_share,
    likeliest,
    spelling_tokens,
    spellings,
    with_choices,
    wordings,
)
from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.engine.heads.question_reader import ParsedQuestion
from rsgpt_backend.model.decoding.answer_scoring import score
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.predictor import NUMBERS, Ask
from rsgpt_plugin.shared.answers.answer_types import AnswerType
from rsgpt_plugin.shared.answers.places import PLACES
from tests.backend.toy import ask, picture

CHOICES = ("many green trees", "gray", "a road")
SCALES = {"yes_no": (0.5, 0.2), "phrase": (0.1, 0.0), "choice": (0.7, -0.1), "number": (0.2, -0.3)}


def confidence_of(model: Rsgpt, question: Ask, logprobs: list[float]) -> float:
    """Return the confidence of the likeliest choice."""
    row = AnswerRow(model, question, 3)
    row.choose(logprobs)
    return row.finish("stop").confidence


def choice_ask(*choices: str, top: int = 20) -> Ask:
    return Ask(picture(0), "key", "gray", top_logprobs=top, choices=choices)


def test_likeliest_choice_with_share_and_alternatives() -> None:
    token = likeliest(choice_ask("a", "b", "c"), [math.log(0.001), math.log(0.006), math.log(0.003)])
    assert token.text == "b"
    assert [text for text, _ in token.top] == ["b", "c", "a"]
    assert [math.exp(logprob) for _, logprob in token.top] == pytest.approx([0.6, 0.3, 0.1])
    assert math.exp(token.logprob) == pytest.approx(0.6)


def test_share_of_a_kind_of_area_contains_its_synonyms() -> None:
    names = ("forest", "woodland", "sea", "something else")
    logprobs = [math.log(share) for share in (0.4, 0.1, 0.2, 0.3)]
    token = likeliest(choice_ask(*names), logprobs)
    assert kind_share(token, names, logprobs) == pytest.approx(0.5)
    assert kind_share(replace(token, text="something else"), names, logprobs) == pytest.approx(0.3)


def test_number_of_alternatives_is_limited() -> None:
    assert [text for text, _ in likeliest(choice_ask("a", "b", "c", top=2), [-3.0, -1.0, -2.0]).top] == ["b", "c"]
    assert likeliest(choice_ask("a", "b", top=0), [-3.0, -1.0]).top == ()


def test_very_unlikely_choices_have_a_share() -> None:
    token = likeliest(choice_ask("a", "b"), [-5000.0, -5001.0])
    assert token.text == "a"
    assert math.exp(token.logprob) == pytest.approx(1 / (1 + math.exp(-1)))


@pytest.mark.parametrize(
    ("question", "scale"),
    [
        (choice_ask("yes", "no"), (0.5, 0.2)),
        (choice_ask("yes", "maybe"), (0.7, -0.1)),
        (Ask(picture(0), "key", "gray", choices=("1", "2"), is_whole_number=True), (0.2, -0.3)),
        (choice_ask(*PLACES[:2]), (0.7, -0.1)),
    ],
)
def test_each_kind_of_choice_has_its_own_scale(
    toy: Rsgpt, monkeypatch: pytest.MonkeyPatch, question: Ask, scale: tuple[float, float]
) -> None:
    odds = scale[0] * math.log(4) + scale[1]
    for scales, confidence in (({}, 0.8), (SCALES, 1 / (1 + math.exp(-odds)))):
        monkeypatch.setattr(toy, "config", replace(toy.config, calibration=scales))
        assert confidence_of(toy, question, [math.log(0.8), math.log(0.2)]) == pytest.approx(confidence)


def test_choices_are_scored_with_the_lead_of_answers(toy: Rsgpt) -> None:
    lead = toy.config.language.lead
    options = spelling_tokens(toy, choice_ask("many green trees", "yes"))
    texts = [f"{lead}many green trees", f"{lead}yes", f"{lead}Yes"]
    assert [toy.tokenizer.decode(ids) for ids in options] == texts


def test_batch_of_choices_and_free_asks(engine: Engine) -> None:
    asks = [
        ask(0, choices=CHOICES),
        ask(1),
        ask(2, "gray", choices=("yes", "no")),
        ask(3, beams=3),
        ask(4, choices=CHOICES),
    ]
    answers = engine.answer(asks)
    for single_ask, answer in zip(asks, answers, strict=True):
        single = engine.answer([single_ask])[0]
        assert answer.text == single.text
        assert answer.confidence == pytest.approx(single.confidence, abs=1e-4)
    for index in (0, 2, 4):
        assert answers[index].text in asks[index].choices
        assert (answers[index].finish_reason, answers[index].degenerate) == ("stop", False)


@pytest.mark.parametrize("listed", [False, True])
def test_answer_does_not_depend_on_the_order_of_choices(engine: Engine, listed: bool) -> None:
    orders = list(permutations(CHOICES))
    prompts = [f"What is this? Choose one of: {', '.join(order)}." if listed else "gray" for order in orders]
    answers = engine.answer([ask(0, prompt, choices=order) for prompt, order in zip(prompts, orders, strict=True)])
    assert len({answer.text for answer in answers}) == 1
    assert all(answer.confidence == pytest.approx(answers[0].confidence, abs=1e-4) for answer in answers)


def test_orders_of_a_list_depend_on_its_names_only() -> None:
    prompt = "What is this? Choose one of: {}."
    prompts = [
        wordings(replace(choice_ask(*order), prompt=prompt.format(", ".join(order))))
        for order in ("cabd", "abcd", "dcba")
    ]
    assert prompts[0] == prompts[1] == prompts[2]
    assert prompts[0] == [prompt.format(", ".join(order)) for order in ("abcd", "bcda", "cdab", "dabc")]


def test_prompt_without_a_list_is_unchanged() -> None:
    assert wordings(choice_ask("a", "b")) == ["gray"]
    other = replace(choice_ask("a", "b"), prompt="What? Choose one of: a, c.")
    assert wordings(other) == [other.prompt]


def test_long_list_is_shown_in_four_orders() -> None:
    names = [chr(ord("a") + number) for number in range(10)]
    prompts = wordings(replace(choice_ask(*names), prompt=f"What? Choose one of: {', '.join(names)}."))
    assert [text.partition(": ")[2][0] for text in prompts] == ["a", "c", "f", "h"]


def test_spellings_are_summed_and_wordings_averaged() -> None:
    logs = [math.log(share) for share in (0.1, 0.3, 0.2, 0.0001)]
    other = [math.log(share) for share in (0.1, 0.1, 0.05, 0.05)]
    logprobs = choice_logprobs(choice_ask("yes", "no"), [logs, other])
    assert logprobs == pytest.approx([math.log(0.4 * 0.2) / 2, math.log(0.2001 * 0.1) / 2])


def test_place_is_a_choice_until_it_has_its_own_scale(toy: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> None:
    question = Ask(picture(0), "key", "Where is the lake?", choices=PLACES)
    listed = replace(question, prompt=AnswerType.CHOICE.prompt(question.prompt, PLACES))
    assert (choice_form(question), choice_form(listed)) == ("place", "choice")
    logprobs = [math.log(0.2), *[math.log(0.1)] * 8]
    assert confidence_of(toy, question, logprobs) == pytest.approx(0.2)
    monkeypatch.setattr(toy, "config", replace(toy.config, calibration=SCALES))
    assert confidence_of(toy, question, logprobs) == confidence_of(toy, listed, logprobs) != pytest.approx(0.2)
    monkeypatch.setattr(toy, "config", replace(toy.config, calibration={**SCALES, "place": (1.0, 0.0)}))
    assert confidence_of(toy, question, logprobs) == pytest.approx(0.2)


QUESTIONS = {
    "Where is the lake?": ParsedQuestion("place", "lake"),
    "How many cars are there?": ParsedQuestion("number", "cars"),
    "Is there a tent?": ParsedQuestion("presence", "tent"),
    "What is this?": ParsedQuestion("area"),
}


@pytest.mark.parametrize(
    ("question", "choices"), [*zip(QUESTIONS.values(), (PLACES, NUMBERS, ("yes", "no"), ()), strict=True)]
)
def test_choices_of_free_questions(question: ParsedQuestion, choices: tuple[str, ...]) -> None:
    free = Ask(picture(0), "key", "gray")
    assert with_choices(free) is free
    given = with_choices(free, question)
    assert (given.prompt, given.choices, given.is_whole_number) == ("gray", choices, choices == NUMBERS)
    closed = replace(free, choices=("a", "b"))
    assert with_choices(closed, question) is closed


def test_typed_number_about_a_place_stays_a_number() -> None:
    typed = Ask(picture(0), "key", "Where is the lake?", is_whole_number=True)
    assert with_choices(typed, ParsedQuestion("place", "lake")).choices == NUMBERS


def test_answers_stay_inside_their_kind(toy: Rsgpt, recognize: Callable[..., None]) -> None:
    asks = [ask(number, prompt) for number, prompt in enumerate(QUESTIONS)]
    before = Engine(toy).answer(asks)
    typed = Engine(toy).answer([replace(asks[0], choices=PLACES), replace(asks[1], is_whole_number=True)])
    recognize(QUESTIONS)
    place, number, presence, other = Engine(toy).answer(asks)
    assert place.text in PLACES
    assert [place.text, number.text] == [answer.text for answer in typed]
    confidences = [answer.confidence for answer in typed]
    assert [place.confidence, number.confidence] == pytest.approx(confidences, abs=1e-4)
    assert (place.form, number.form) == ("place", "number")
    assert presence.text in ("yes", "no")
    assert other.text == before[3].text
    assert before[0].text not in PLACES


def test_free_place_is_streamed_as_one_token(toy: Rsgpt, recognize: Callable[..., None]) -> None:
    recognize(QUESTIONS)
    first, last = Engine(toy).stream([ask(0, "Where is the lake?", top_logprobs=9, temperature=1.0, stops=("t",))])
    assert first.token is not None
    assert last.answer is not None
    assert (first.token.text, last.answer.finish_reason) == (last.answer.text, "stop")
    assert sorted(text for text, _ in first.token.top) == sorted(PLACES)


def test_number_is_answered_in_digits(engine: Engine) -> None:
    answers = engine.answer([ask(number, "How many?", is_whole_number=True, top_logprobs=20) for number in range(3)])
    for answer in answers:
        assert answer.text.isdecimal()
        assert (answer.finish_reason, answer.tokens[0].text) == ("stop", answer.text)
        assert 0 < answer.confidence <= 1


def test_number_is_spelled_in_digits_and_words() -> None:
    number_ask = with_choices(Ask(picture(0), "key", "How many?", is_whole_number=True))
    written = dict(zip(number_ask.choices, spellings(number_ask), strict=True))
    assert written["21"] == ("21", "twenty-one")
    assert (written["0"], written["100"]) == (("0", "zero"), ("100", "one hundred"))
    assert written["1000"] == ("1000", "one thousand")


def test_choice_is_reported_as_one_token_before_its_answer(engine: Engine) -> None:
    first, last = engine.stream([ask(0, choices=CHOICES, top_logprobs=3, temperature=1.0)])
    assert first.token is not None
    assert last.answer is not None
    assert last.answer.tokens == (first.token,)
    assert first.token.text == last.answer.text
    shares = [math.exp(logprob) for _, logprob in first.token.top]
    assert sum(shares) == pytest.approx(1.0)
    assert shares[0] == pytest.approx(last.answer.confidence)


def test_cancelled_choice_has_no_answer(engine: Engine) -> None:
    asks = [ask(0, choices=CHOICES), ask(1, choices=CHOICES)]
    asks[0].cancel.set()
    cancelled, answered = engine.answer(asks)
    assert (cancelled.finish_reason, cancelled.text) == ("cancelled", "")
    assert answered.text in CHOICES


def test_many_choices_are_scored_in_parts(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    asks = [ask(number, choices=CHOICES) for number in range(5)]
    wanted = [answer.text for answer in engine.answer(asks)]
    parts = list[int]()

    def counted(language: Any, prefix: Any, options: Any, *args: Any) -> Any:
        parts.append(sum(map(len, options)))
        return score(language, prefix, options, *args)

    monkeypatch.setattr(engine_module, "score", counted)
    monkeypatch.setattr(engine_module, "_SCORED_CHOICES", 6)
    assert [answer.text for answer in engine.answer(asks)] == wanted
    assert parts == [6, 6, 3]
