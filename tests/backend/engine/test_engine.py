"""The engine implements predictor.Predictor: one encoding per picture, one answer per ask, token by token."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from rsgpt_backend.engine import engine as engine_module
from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.errors import EngineError
from rsgpt_backend.model.decoding.generation import Decoder
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.predictor import Answer, Ask, Step, Token
from tests.backend.toy import BOS, EOS, QUERIES, ask


def ids_of(toy: Rsgpt, text: str) -> list[int]:
    ids: list[int] = toy.tokenizer(text, add_special_tokens=False).input_ids
    return ids


@pytest.fixture
def reciting(toy: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Engine]:
    """Make the toy generate a text or ids once, in every row; scores: logits of first tokens, by text."""
    forward = toy.language.forward

    def recite(text: str = "", scores: dict[str, float] | None = None, ids: Sequence[int] = ()) -> Engine:
        script = iter([*(ids or ids_of(toy, text)), EOS])
        opening = {ids_of(toy, word)[0]: score for word, score in (scores or {}).items()}

        def scripted(**inputs: Any) -> Any:
            output = forward(**inputs)
            logits = torch.full_like(output.logits, -50.0)
            logits[:, -1, next(script)] = 0.0
            while opening:
                token, score = opening.popitem()
                logits[:, -1, token] = score
            return SimpleNamespace(logits=logits)

        monkeypatch.setattr(toy.language, "forward", scripted)
        return Engine(toy)

    return recite


def test_a_picture_is_encoded_once(engine: Engine, encoded: list[int]) -> None:
    engine.answer([ask(0), ask(1), ask(0, "gray"), ask(0, "Describe this image.")])
    engine.answer([ask(1, "gray")])
    assert encoded == [2]
    engine.answer([ask(1), ask(2)])
    assert encoded == [2, 1]


def test_batch_of_beam_and_greedy_asks(engine: Engine) -> None:
    asks = [ask(0, beams=3), ask(1), ask(2, beams=3), ask(3, "gray", beams=2)]
    together = engine.answer(asks)
    assert [answer.text for answer in together] == [engine.answer([single])[0].text for single in asks]
    assert all(0 < answer.confidence <= 1 and answer.finish_reason in {"stop", "length"} for answer in together)
    assert len(together[0].tokens) <= 12


def test_length_limits_of_other_asks_do_not_change_a_beam_answer(engine: Engine) -> None:
    asks = [ask(number, "gray", beams=4, max_new_tokens=3 if number % 2 else 12) for number in range(16)]
    assert [answer.text for answer in engine.answer(asks)] == [engine.answer([single])[0].text for single in asks]


def test_beam_answer_ends_at_a_stop(engine: Engine, toy: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = engine.answer([ask(0, beams=3)])[0]
    stop = whole.text[4:6]
    monkeypatch.setattr(toy, "config", replace(toy.config, language=replace(toy.config.language, stops=(stop,))))
    cut = engine.answer([ask(0, beams=3)])[0]
    assert cut.text == whole.text.partition(stop)[0].strip()
    assert cut.finish_reason == "stop"
    assert len(cut.tokens) < len(whole.tokens)


def test_batch_is_split_to_fit_into_memory(engine: Engine, toy: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> None:
    asks = [ask(number, "gray" * (1 + number % 3), beams=number // 3) for number in range(6)]
    wanted = [answer.text for answer in engine.answer(asks)]
    prefix, parts = toy.prefix, list[list[int]]()

    def counted(features: torch.Tensor, instructions: Any, ground: torch.Tensor) -> Any:
        parts.append([len(instruction) for instruction in instructions])
        return prefix(features, instructions, ground)

    monkeypatch.setattr(toy, "prefix", counted)
    monkeypatch.setattr(engine_module, "rows_that_fit", lambda *_: 2)
    assert [answer.text for answer in engine.answer(asks)] == wanted
    assert [len(part) for part in parts] == [2, 2, 2]
    assert all(part == sorted(part) for part in parts)


def test_many_pictures_are_encoded_a_few_at_a_time(engine: Engine, encoded: list[int]) -> None:
    beats: list[None] = []
    engine.on_heartbeat = lambda: beats.append(None)
    engine.answer([ask(number, max_new_tokens=1) for number in range(10)])
    assert encoded == [4, 4, 2]
    assert len(beats) >= 2


def test_heap_is_trimmed_at_intervals(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    trims: list[int] = []
    monkeypatch.setattr(engine_module, "_TRIM_INTERVAL", 5)
    monkeypatch.setattr(engine_module, "trim_heap", lambda: trims.append(1))
    counts = []
    for _ in range(6):
        engine.answer([ask(0), ask(1)])
        counts.append(len(trims))
    assert counts == [0, 0, 1, 1, 1, 2]


def test_beams_of_the_config_are_the_default(engine: Engine, toy: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> None:
    asks = [ask(number, max_new_tokens=9) for number in range(6)]
    searched = [engine.answer([replace(single, beams=4)])[0].text for single in asks]
    greedy = [engine.answer([replace(single, beams=1)])[0].text for single in asks]
    assert searched != greedy
    monkeypatch.setattr(toy, "config", replace(toy.config, beams=4))
    assert [answer.text for answer in engine.answer(asks)] == searched
    assert [answer.text for answer in engine.answer([replace(single, beams=1) for single in asks])] == greedy


def test_certain_tokens_of_a_beam_search_are_reported_early_and_once(engine: Engine) -> None:
    asks = [ask(number, beams=2, max_new_tokens=9) for number in range(6)]
    plain = list(engine.stream(asks))
    early: list[Step] = []
    engine.early = early.append
    late = list(engine.stream(asks))
    assert early
    for index in range(len(asks)):
        steps = [step for step in [*early, *late] if step.index == index]
        assert steps == [step for step in plain if step.index == index]


@pytest.mark.parametrize("beams", [1, 3])
def test_yes_odds_of_the_config_raise_the_probability_of_yes(
    toy: Rsgpt, monkeypatch: pytest.MonkeyPatch, beams: int
) -> None:
    question = ask(0, "Is there any water?", beams=beams, max_new_tokens=1)
    before = Engine(toy).answer([question])[0].tokens[0].text
    assert before != "yes"
    monkeypatch.setattr(toy, "config", replace(toy.config, yes_odds=60.0))
    (answer,) = Engine(toy).answer([replace(question, top_logprobs=2)])
    top = answer.tokens[0].top
    assert (answer.text.lower(), {text.strip() for text, _ in top}) == ("yes", {"yes", "Yes"})
    assert sum(math.exp(logprob) for _, logprob in top) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("setting", [{"temperature": 1.0}, {"max_new_tokens": 257}])
def test_sampled_and_long_answers_use_no_beam_search(engine: Engine, setting: dict[str, Any]) -> None:
    question = ask(0, beams=4, **setting)
    steps = engine.stream([question])
    for _ in range(3):
        next(steps)
    question.cancel.set()
    assert next(steps).answer is not None  # a beam search would have reported no tokens yet


def test_cancelled_beam_search_has_the_finish_reason_cancelled(engine: Engine) -> None:
    cancelled = ask(0, beams=3)
    cancelled.cancel.set()
    other = ask(1, beams=3)
    first, second = engine.answer([cancelled, other])
    assert first.finish_reason == "cancelled"
    assert second.text == engine.answer([other])[0].text


def test_answers_come_in_the_order_of_the_asks(engine: Engine) -> None:
    asks = [ask(number, prompt, max_new_tokens=4 + number) for number, prompt in enumerate(("gray", "yes", "Yes No"))]
    together = [answer.text for answer in engine.answer(asks)]
    assert together == [engine.answer([single])[0].text for single in asks]
    assert len(set(together)) == 3


def test_every_ask_ends_with_one_answer_after_its_tokens(engine: Engine) -> None:
    events: dict[int, list[Token | Answer]] = {}
    for step in engine.stream([ask(0, max_new_tokens=3), ask(1, max_new_tokens=7)]):
        events.setdefault(step.index, []).append(step.token or step.answer)  # type: ignore[arg-type]  # one of them is set
    assert [len(events[0]), len(events[1])] == [4, 8]
    for steps in events.values():
        *tokens, answer = steps
        assert isinstance(answer, Answer)
        assert answer.tokens == tuple(tokens)
        assert answer.finish_reason == "length"


def test_empty_batch_has_no_answers(engine: Engine) -> None:
    assert engine.answer([]) == []


@pytest.mark.parametrize("limit", [1, 5])
def test_answer_ends_at_the_limit_of_new_tokens(engine: Engine, limit: int) -> None:
    (answer,) = engine.answer([ask(max_new_tokens=limit)])
    assert (len(answer.tokens), answer.finish_reason) == (limit, "length")


def test_answer_ends_at_eos(reciting: Callable[..., Engine]) -> None:
    (answer,) = reciting(" many green trees").answer([ask(max_new_tokens=200)])
    assert (answer.text, answer.finish_reason, answer.degenerate) == ("many green trees", "stop", False)
    assert answer.confidence > 0.99


def test_answer_has_a_token_even_if_the_model_ends_at_once(reciting: Callable[..., Engine]) -> None:
    (answer,) = reciting(ids=[EOS]).answer([ask()])
    assert (len(answer.tokens), answer.finish_reason) == (1, "stop")


def test_repeating_answer_is_degenerate(reciting: Callable[..., Engine]) -> None:
    (answer,) = reciting(" gray gray gray gray gray").answer([ask(max_new_tokens=200)])
    assert answer.degenerate


def test_special_tokens_are_not_part_of_the_text(reciting: Callable[..., Engine], toy: Rsgpt) -> None:
    ids = ids_of(toy, " a road")
    (answer,) = reciting(ids=[ids[0], BOS, *ids[1:]]).answer([ask()])
    assert answer.text == "a road"


def test_number_of_prompt_tokens(engine: Engine, toy: Rsgpt) -> None:
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


def test_cancelled_ask_has_an_empty_answer(engine: Engine) -> None:
    stopped = threading.Event()
    stopped.set()
    (answer,) = engine.answer([ask(cancel=stopped)])
    assert (answer.finish_reason, answer.tokens, answer.text) == ("cancelled", (), "")


def pieces(engine: Engine, question: Ask) -> tuple[list[str], str]:
    texts, text = [], ""
    for step in engine.stream([question]):
        if step.token:
            texts.append(step.token.text)
        elif step.answer:
            text = step.answer.text
    return texts, text


@pytest.mark.parametrize(
    "text", ["a road", " a road", "树和河", " größer", " 1 \N{EARTH GLOBE EUROPE-AFRICA} b", "e\u0301é"]
)
def test_pieces_make_up_the_text(reciting: Callable[..., Engine], toy: Rsgpt, text: str) -> None:
    texts, answer = pieces(reciting(text), ask(max_new_tokens=200))
    assert answer == text.strip()
    assert "".join(texts) == answer
    assert len(texts) == len(ids_of(toy, text))
    assert not any("\N{REPLACEMENT CHARACTER}" in piece for piece in texts)


def test_character_of_several_tokens_is_streamed_as_a_whole(reciting: Callable[..., Engine], toy: Rsgpt) -> None:
    assert len(ids_of(toy, "树")) == 3
    assert pieces(reciting("a树"), ask())[0] == ["a", "", "", "树"]


def test_character_cut_off_by_the_limit_is_replaced(reciting: Callable[..., Engine]) -> None:
    texts, answer = pieces(reciting("a树"), ask(max_new_tokens=2))
    assert "".join(texts) == answer == "a\N{REPLACEMENT CHARACTER}"


def test_character_cut_off_by_eos_is_omitted(reciting: Callable[..., Engine], toy: Rsgpt) -> None:
    ids = ids_of(toy, "a树")
    texts, answer = pieces(reciting(ids=ids[:-1]), ask())
    assert "".join(texts) == answer == "a"


@pytest.mark.parametrize("number", range(6))
def test_pieces_make_up_any_generated_text(engine: Engine, number: int) -> None:
    texts, answer = pieces(engine, ask(number, max_new_tokens=40))
    assert "".join(texts).strip() == answer


@pytest.mark.parametrize("wanted", [0, 1, 20])
def test_number_of_alternatives(engine: Engine, wanted: int) -> None:
    (answer,) = engine.answer([ask(top_logprobs=wanted)])
    assert {len(token.top) for token in answer.tokens} == {wanted}
    if wanted:
        assert answer.tokens[0].top[0][1] == answer.tokens[0].logprob


@pytest.mark.parametrize("top_logprobs", [0, 5, 20])
def test_confidence_of_yes_is_its_share_of_yes_and_no(reciting: Callable[..., Engine], top_logprobs: int) -> None:
    scores = {" yes": 3.0, " no": 1.0, " Yes": 2.5, " gray": 2.0}
    (answer,) = reciting(" yes", scores).answer([ask(top_logprobs=top_logprobs)])
    assert answer.text == "yes"
    assert answer.confidence == pytest.approx(math.exp(3) / (math.exp(3) + math.exp(1)), rel=1e-4)


def test_confidence_is_calibrated_with_the_config(engine: Engine, toy: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> None:
    (plain,) = engine.answer([ask()])
    scales = dict.fromkeys(("yes_no", "phrase", "sentence"), (2.0, -1.0))
    monkeypatch.setattr(toy, "config", replace(toy.config, calibration=scales))
    (scaled,) = engine.answer([ask()])
    assert scaled.text == plain.text
    odds = math.log(plain.confidence / (1 - plain.confidence))
    assert scaled.confidence == pytest.approx(1 / (1 + math.exp(1 - 2 * odds)), rel=1e-6)


def test_sampling_is_reproducible_by_seed(engine: Engine) -> None:
    texts = [engine.answer([ask(temperature=1.5, seed=seed)])[0].text for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_failure_of_the_model_is_an_engine_error(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Iterator[Any]:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(Decoder, "advance", fail)
    with pytest.raises(EngineError, match=r"out of memory.*Ask again with a shorter prompt"):
        engine.answer([ask()])


def test_answers_are_computed_in_inference_mode(engine: Engine) -> None:
    for step in engine.stream([ask(max_new_tokens=2)]):
        assert not torch.is_inference_mode_enabled(), step  # the caller's mode is unchanged
    assert engine._features.get(["key0"])["key0"].is_inference()


@pytest.mark.parametrize("beams", [1, 3])
def test_token_limit_of_the_config_is_the_default(toy: Rsgpt, monkeypatch: pytest.MonkeyPatch, beams: int) -> None:
    monkeypatch.setattr(toy, "config", replace(toy.config, max_new_tokens=5))
    default, limited = Engine(toy).answer([ask(beams=beams, max_new_tokens=0), ask(beams=beams, max_new_tokens=2)])
    assert (len(default.tokens), default.finish_reason) == (5, "length")
    assert (len(limited.tokens), limited.finish_reason) == (2, "length")


def test_answer_ends_at_a_stop_of_the_ask(reciting: Callable[..., Engine]) -> None:
    (answer,) = reciting(" many green trees").answer([ask(max_new_tokens=200, stops=(" tr", "x"))])
    assert (answer.text, answer.finish_reason) == ("many green", "stop")


def test_an_ask_without_a_prompt_gets_a_caption(engine: Engine) -> None:
    caption, same = engine.answer([ask(0, ""), ask(0, engine.caption_prompt)])
    assert (caption.text, caption.prompt_tokens) == (same.text, same.prompt_tokens)


@pytest.mark.parametrize("asked", [{}, {"choices": ("yes", "no")}, {"beams": 2}])
def test_unusual_pictures_lower_the_confidence(
    toy: Rsgpt, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any]
) -> None:
    asks = [ask(0, **asked), ask(1, **asked)]
    before = Engine(toy).answer(asks)
    monkeypatch.setattr(toy, "novelty", lambda features: torch.tensor([0.0, 1.5])[: len(features)])
    usual, novel = Engine(toy).answer(asks)
    assert (usual.text, novel.text) == (before[0].text, before[1].text)
    assert usual.confidence == before[0].confidence
    assert 0 < novel.confidence < before[1].confidence
    assert [answer.is_unusual for answer in (*before, usual, novel)] == [False, False, False, True]


def test_the_novelty_of_canceled_pictures_is_not_measured(toy: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[int] = []

    def novelty(features: Tensor) -> Tensor:
        measured.append(len(features))
        return torch.zeros(len(features))

    monkeypatch.setattr(toy, "novelty", novelty)
    asks = [ask(0), ask(1)]
    asks[0].cancel.set()
    Engine(toy).answer(asks)
    assert measured == [1]
