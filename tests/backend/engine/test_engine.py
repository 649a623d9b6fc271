"""The engine keeps asking.Predictor's promises: one encoding a picture, one answer an ask, token by token."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from rsgpt_backend.engine import engine as engine_module
from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.errors import EngineError
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.predictor import Answer, Ask, Step, Token
from tests.backend.toy import BOS, EOS, QUERIES, ask


def ids_of(toy: Rsgpt, text: str) -> list[int]:
    """Token ids of a text alone."""
    ids: list[int] = toy.tokenizer(text, add_special_tokens=False).input_ids
    return ids


@pytest.fixture
def reciting(toy: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Engine]:
    """Make the toy say a text or ids, once, in every row; scores: the first token's alternatives, by text."""
    forward = toy.language.forward

    def recite(text: str = "", scores: dict[str, float] | None = None, ids: Sequence[int] = ()) -> Engine:
        spoken = iter([*(ids or ids_of(toy, text)), EOS])
        opening = {ids_of(toy, word)[0]: score for word, score in (scores or {}).items()}

        def speak(**inputs: Any) -> Any:
            output = forward(**inputs)
            logits = torch.full_like(output.logits, -50.0)
            logits[:, -1, next(spoken)] = 0.0
            while opening:
                token, score = opening.popitem()
                logits[:, -1, token] = score
            return SimpleNamespace(logits=logits)

        monkeypatch.setattr(toy.language, "forward", speak)
        return Engine(toy)

    return recite


def test_a_picture_is_encoded_once(engine: Engine, encoded: list[int]) -> None:
    engine.answer([ask(0), ask(1), ask(0, "gray"), ask(0, "Describe this image.")])
    engine.answer([ask(1, "gray")])
    assert encoded == [2]
    engine.answer([ask(1), ask(2)])
    assert encoded == [2, 1]


def test_beams_and_greedy_asks_share_a_batch(engine: Engine) -> None:
    asks = [ask(0, beams=3), ask(1), ask(2, beams=3), ask(3, "gray", beams=2)]
    together = engine.answer(asks)
    assert [one.text for one in together] == [engine.answer([one])[0].text for one in asks]
    assert all(0 < one.confidence <= 1 and one.finish_reason in {"stop", "length"} for one in together)
    assert len(together[0].tokens) <= 12


def test_how_long_others_may_be_changes_no_searched_answer(engine: Engine) -> None:
    asks = [ask(number, "gray", beams=4, max_new_tokens=3 if number % 2 else 12) for number in range(16)]
    assert [one.text for one in engine.answer(asks)] == [engine.answer([one])[0].text for one in asks]


def test_a_search_ends_at_a_stop(engine: Engine, toy: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = engine.answer([ask(0, beams=3)])[0]
    stop = whole.text[4:6]
    monkeypatch.setattr(toy, "config", replace(toy.config, language=replace(toy.config.language, stops=(stop,))))
    cut = engine.answer([ask(0, beams=3)])[0]
    assert cut.text == whole.text.partition(stop)[0].strip()
    assert cut.finish_reason == "stop"
    assert len(cut.tokens) < len(whole.tokens)


def test_no_more_is_answered_at_once_than_there_is_memory_for(
    engine: Engine, toy: Rsgpt, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks = [ask(number, "gray" * (1 + number % 3), beams=number // 3) for number in range(6)]
    wanted = [one.text for one in engine.answer(asks)]
    prefix, parts = toy.prefix, list[list[int]]()

    def counted(features: torch.Tensor, read: Any) -> Any:
        parts.append([len(one) for one in read])
        return prefix(features, read)

    monkeypatch.setattr(toy, "prefix", counted)
    monkeypatch.setattr(engine_module, "rows_that_fit", lambda *_: 2)
    assert [one.text for one in engine.answer(asks)] == wanted
    assert [len(part) for part in parts] == [2, 2, 2]
    assert all(part == sorted(part) for part in parts)


def test_many_pictures_are_encoded_a_few_at_a_time(engine: Engine, encoded: list[int]) -> None:
    beats: list[None] = []
    engine.alive = lambda: beats.append(None)
    engine.answer([ask(number, max_new_tokens=1) for number in range(10)])
    assert encoded == [4, 4, 2]
    assert len(beats) >= 2


def test_free_memory_is_given_back_now_and_then(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    monkeypatch.setattr(engine_module, "_MANY", 5)
    monkeypatch.setattr(engine_module, "give_back", lambda: given.append(1))
    counts = []
    for _ in range(6):
        engine.answer([ask(0), ask(1)])
        counts.append(len(given))
    assert counts == [0, 0, 1, 1, 1, 2]


def test_a_model_is_searched_as_it_is_set_up(engine: Engine, toy: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> None:
    asks = [ask(number, max_new_tokens=9) for number in range(6)]
    searched = [engine.answer([replace(one, beams=4)])[0].text for one in asks]
    greedy = [engine.answer([replace(one, beams=1)])[0].text for one in asks]
    assert searched != greedy
    monkeypatch.setattr(toy, "config", replace(toy.config, beams=4))
    assert [one.text for one in engine.answer(asks)] == searched
    assert [one.text for one in engine.answer([replace(one, beams=1) for one in asks])] == greedy


def test_what_a_search_has_settled_is_told_early_and_once(engine: Engine) -> None:
    asks = [ask(number, beams=2, max_new_tokens=9) for number in range(6)]
    usual = list(engine.stream(asks))
    early: list[Step] = []
    engine.early = early.append
    late = list(engine.stream(asks))
    assert early
    for index in range(len(asks)):
        told = [step for step in [*early, *late] if step.index == index]
        assert told == [step for step in usual if step.index == index]


@pytest.mark.parametrize("beams", [1, 3])
def test_a_yes_is_as_likely_as_the_model_is_set_up(toy: Rsgpt, monkeypatch: pytest.MonkeyPatch, beams: int) -> None:
    asked = ask(0, "Is there any water?", beams=beams, max_new_tokens=1)
    before = Engine(toy).answer([asked])[0].tokens[0].text
    assert before != "yes"
    monkeypatch.setattr(toy, "config", replace(toy.config, yes_odds=60.0))
    (told,) = Engine(toy).answer([replace(asked, top_logprobs=2)])
    top = told.tokens[0].top
    assert (told.text.lower(), {text.strip() for text, _ in top}) == ("yes", {"yes", "Yes"})
    assert sum(math.exp(logprob) for _, logprob in top) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("setting", [{"temperature": 1.0}, {"max_new_tokens": 257}])
def test_what_is_drawn_or_long_is_not_searched(engine: Engine, setting: dict[str, Any]) -> None:
    asked = ask(0, beams=4, **setting)
    steps = engine.stream([asked])
    for _ in range(3):
        next(steps)
    asked.cancel.set()
    assert next(steps).answer is not None  # a search would have told nothing before its end


def test_a_cancelled_search_says_so(engine: Engine) -> None:
    cancelled = ask(0, beams=3)
    cancelled.cancel.set()
    going = ask(1, beams=3)
    first, second = engine.answer([cancelled, going])
    assert first.finish_reason == "cancelled"
    assert second.text == engine.answer([going])[0].text


def test_answers_come_in_the_order_of_the_asks(engine: Engine) -> None:
    asks = [ask(number, prompt, max_new_tokens=4 + number) for number, prompt in enumerate(("gray", "yes", "Yes No"))]
    together = [answer.text for answer in engine.answer(asks)]
    assert together == [engine.answer([one])[0].text for one in asks]
    assert len(set(together)) == 3


def test_every_ask_ends_with_one_answer_after_its_tokens(engine: Engine) -> None:
    told: dict[int, list[Token | Answer]] = {}
    for step in engine.stream([ask(0, max_new_tokens=3), ask(1, max_new_tokens=7)]):
        told.setdefault(step.index, []).append(step.token or step.answer)  # type: ignore[arg-type]  # one of them is
    assert [len(told[0]), len(told[1])] == [4, 8]
    for steps in told.values():
        *tokens, answer = steps
        assert isinstance(answer, Answer)
        assert answer.tokens == tuple(tokens)
        assert answer.finish_reason == "length"


def test_no_asks_no_answers(engine: Engine) -> None:
    assert engine.answer([]) == []


@pytest.mark.parametrize("most", [1, 5])
def test_the_limit_of_new_tokens(engine: Engine, most: int) -> None:
    (answer,) = engine.answer([ask(max_new_tokens=most)])
    assert (len(answer.tokens), answer.finish_reason) == (most, "length")


def test_the_end_of_the_answer(reciting: Callable[..., Engine]) -> None:
    (answer,) = reciting(" many green trees").answer([ask(max_new_tokens=200)])
    assert (answer.text, answer.finish_reason, answer.degenerate) == ("many green trees", "stop", False)
    assert answer.confidence > 0.99


def test_an_answer_has_a_token_even_where_the_model_would_end_at_once(reciting: Callable[..., Engine]) -> None:
    (answer,) = reciting(ids=[EOS]).answer([ask()])
    assert (len(answer.tokens), answer.finish_reason) == (1, "stop")


def test_a_stuck_answer_is_marked(reciting: Callable[..., Engine]) -> None:
    (answer,) = reciting(" gray gray gray gray gray").answer([ask(max_new_tokens=200)])
    assert answer.degenerate


def test_special_tokens_are_no_text(reciting: Callable[..., Engine], toy: Rsgpt) -> None:
    ids = ids_of(toy, " a road")
    (answer,) = reciting(ids=[ids[0], BOS, *ids[1:]]).answer([ask()])
    assert answer.text == "a road"


def test_what_the_prompt_costs(engine: Engine, toy: Rsgpt) -> None:
    (answer,) = engine.answer([ask(prompt="gray")])
    assert answer.prompt_tokens == len(ids_of(toy, "gray")) + 1 + QUERIES


def test_cancelling_one_row_in_the_middle(engine: Engine) -> None:
    wanted = engine.answer([ask(1)])[0].text
    stopped = threading.Event()
    answers: dict[int, Answer] = {}
    for step in engine.stream([ask(0, cancel=stopped), ask(1)]):
        if step.answer:
            answers[step.index] = step.answer
        elif step.index == 1 and len(answers) == 0:
            stopped.set()
    assert answers[0].finish_reason == "cancelled"
    assert len(answers[0].tokens) == 1
    assert answers[1].text == wanted


def test_cancelled_before_it_begins(engine: Engine) -> None:
    stopped = threading.Event()
    stopped.set()
    (answer,) = engine.answer([ask(cancel=stopped)])
    assert (answer.finish_reason, answer.tokens, answer.text) == ("cancelled", (), "")


def pieces(engine: Engine, one: Ask) -> tuple[list[str], str]:
    """The streamed pieces of an answer, and the answer."""
    told, text = [], ""
    for step in engine.stream([one]):
        if step.token:
            told.append(step.token.text)
        elif step.answer:
            text = step.answer.text
    return told, text


@pytest.mark.parametrize(
    "text", ["a road", " a road", "树和河", " größer", " 1 \N{EARTH GLOBE EUROPE-AFRICA} b", "e\u0301é"]
)
def test_pieces_make_up_the_text(reciting: Callable[..., Engine], toy: Rsgpt, text: str) -> None:
    told, whole = pieces(reciting(text), ask(max_new_tokens=200))
    assert whole == text.strip()
    assert "".join(told) == whole
    assert len(told) == len(ids_of(toy, text))
    assert not any("\N{REPLACEMENT CHARACTER}" in piece for piece in told)


def test_a_character_of_several_tokens_comes_whole(reciting: Callable[..., Engine], toy: Rsgpt) -> None:
    assert len(ids_of(toy, "树")) == 3
    assert pieces(reciting("a树"), ask())[0] == ["a", "", "", "树"]


def test_a_character_cut_off_by_the_limit_is_marked(reciting: Callable[..., Engine]) -> None:
    told, whole = pieces(reciting("a树"), ask(max_new_tokens=2))
    assert "".join(told) == whole == "a\N{REPLACEMENT CHARACTER}"


def test_a_character_cut_off_by_the_end_is_left_out(reciting: Callable[..., Engine], toy: Rsgpt) -> None:
    ids = ids_of(toy, "a树")
    told, whole = pieces(reciting(ids=ids[:-1]), ask())
    assert "".join(told) == whole == "a"


@pytest.mark.parametrize("number", range(6))
def test_pieces_make_up_whatever_a_model_babbles(engine: Engine, number: int) -> None:
    told, whole = pieces(engine, ask(number, max_new_tokens=40))
    assert "".join(told).strip() == whole


@pytest.mark.parametrize("wanted", [0, 1, 20])
def test_alternatives_as_many_as_asked_for(engine: Engine, wanted: int) -> None:
    (answer,) = engine.answer([ask(top_logprobs=wanted)])
    assert {len(token.top) for token in answer.tokens} == {wanted}
    if wanted:
        assert answer.tokens[0].top[0][1] == answer.tokens[0].logprob


@pytest.mark.parametrize("top_logprobs", [0, 5, 20])
def test_yes_or_no_is_sure_by_the_share_of_the_two(reciting: Callable[..., Engine], top_logprobs: int) -> None:
    scores = {" yes": 3.0, " no": 1.0, " Yes": 2.5, " gray": 2.0}
    (answer,) = reciting(" yes", scores).answer([ask(top_logprobs=top_logprobs)])
    assert answer.text == "yes"
    assert answer.confidence == pytest.approx(math.exp(3) / (math.exp(3) + math.exp(1)), rel=1e-4)


def test_confidences_are_put_on_the_model_s_scale(engine: Engine, toy: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> None:
    (plain,) = engine.answer([ask()])
    scales = dict.fromkeys(("yes_no", "phrase", "sentence"), (2.0, -1.0))
    monkeypatch.setattr(toy, "config", replace(toy.config, calibration=scales))
    (scaled,) = engine.answer([ask()])
    assert scaled.text == plain.text
    odds = math.log(plain.confidence / (1 - plain.confidence))
    assert scaled.confidence == pytest.approx(1 / (1 + math.exp(1 - 2 * odds)), rel=1e-6)


def test_sampling_repeats_by_its_seed(engine: Engine) -> None:
    texts = [engine.answer([ask(temperature=1.5, seed=seed)])[0].text for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_a_prompt_that_the_model_fails_on_is_told(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Iterator[Any]:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(engine_module.Decoder, "advance", fail)
    with pytest.raises(EngineError, match=r"out of memory.*Ask again with a shorter prompt"):
        engine.answer([ask()])


def test_nothing_is_kept_for_gradients(engine: Engine) -> None:
    for step in engine.stream([ask(max_new_tokens=2)]):
        assert not torch.is_inference_mode_enabled(), step  # the caller's own mode is left alone
    assert engine._features.get(["key0"])["key0"].is_inference()


@pytest.mark.parametrize("beams", [1, 3])
def test_the_model_s_own_limit_holds_where_none_is_asked_for(
    toy: Rsgpt, monkeypatch: pytest.MonkeyPatch, beams: int
) -> None:
    monkeypatch.setattr(toy, "config", replace(toy.config, max_new_tokens=5))
    own, less = Engine(toy).answer([ask(beams=beams, max_new_tokens=0), ask(beams=beams, max_new_tokens=2)])
    assert (len(own.tokens), own.finish_reason) == (5, "length")
    assert (len(less.tokens), less.finish_reason) == (2, "length")


def test_a_stop_of_the_ask_ends_its_answer(reciting: Callable[..., Engine]) -> None:
    (answer,) = reciting(" many green trees").answer([ask(max_new_tokens=200, stops=(" tr", "x"))])
    assert (answer.text, answer.finish_reason) == ("many green", "stop")


def test_an_ask_without_a_prompt_gets_a_caption(engine: Engine) -> None:
    caption, same = engine.answer([ask(0, ""), ask(0, engine.caption_prompt)])
    assert (caption.text, caption.prompt_tokens) == (same.text, same.prompt_tokens)
