"""Beam search finds answers at least as likely as the greedy ones, for each prompt as if it were alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean
from typing import Any

import pytest
import torch
from transformers import GenerationConfig

from rsgpt_backend.model.decoding.beam_search import Search, search
from rsgpt_backend.model.decoding.generation import ChosenToken, Decoder, DecodingRules, Sampling
from rsgpt_backend.model.rsgpt import Prefix, Rsgpt
from rsgpt_backend.model.vision.encoders import to_bytes
from tests.backend.toy import EOS, IMAGE_SIZE, picture

PROMPTS = ("Is there any water?", "Describe this image.", "gray")
STEPS = 8


@pytest.fixture(scope="module")
def prefix(toy: Rsgpt) -> Prefix:
    features = toy.encode(to_bytes([picture(number) for number in range(len(PROMPTS))], IMAGE_SIZE))
    return toy.prefix(features, toy.instruct(PROMPTS))


def found(toy: Rsgpt, prefix: Prefix, beams: int, eos: int = EOS, top: int = 0) -> list[list[ChosenToken]]:
    rows = len(prefix.mask)
    how = Search(beams, DecodingRules(eos), [STEPS] * rows, top, top)
    with torch.inference_mode():
        return in_order(search(toy.language, prefix, how, lambda: [False] * rows))


def in_order(answers: Iterator[tuple[int, tuple[ChosenToken, ...]]]) -> list[list[ChosenToken]]:
    return [list(said) for _, said in sorted(answers, key=lambda pair: pair[0])]


def greedy(toy: Rsgpt, prefix: Prefix) -> list[list[ChosenToken]]:
    rows: list[list[ChosenToken]] = [[] for _ in PROMPTS]
    with torch.inference_mode():
        decoder = Decoder(toy.language, prefix, [Sampling(top=5)] * len(PROMPTS), DecodingRules(EOS))
        while decoder.rows and len(rows[0]) < STEPS:
            chosen = decoder.choose()
            for one in chosen:
                rows[one.row].append(one)
            decoder.advance(chosen)
    return rows


def test_beams_find_likelier_answers(toy: Rsgpt, prefix: Prefix) -> None:
    wide, narrow = found(toy, prefix, 4), greedy(toy, prefix)
    means = [
        (fmean(c.logprob for c in one), fmean(c.logprob for c in other))
        for one, other in zip(wide, narrow, strict=True)
    ]
    assert all(one >= other - 1e-4 for one, other in means)
    assert any(one > other + 0.01 for one, other in means)


def test_a_batch_is_searched_as_each_prompt_alone(toy: Rsgpt, prefix: Prefix) -> None:
    together = found(toy, prefix, 3)
    for row in range(len(PROMPTS)):
        real = prefix.mask[row].bool()
        (alone,) = found(toy, Prefix(prefix.embeds[row][real][None], prefix.mask[row][real][None]), 3)
        assert [one.token for one in together[row]] == [one.token for one in alone]


def test_the_end_is_left_out(toy: Rsgpt, prefix: Prefix) -> None:
    third = found(toy, prefix, 2)[0][2].token
    ended = found(toy, prefix, 2, eos=third)
    assert all(one.token != third for row in ended for one in row)
    assert all(row for row in ended)  # no answer begins with it
    assert min(map(len, ended)) < STEPS


def test_each_token_has_its_alternatives(toy: Rsgpt, prefix: Prefix) -> None:
    for row in found(toy, prefix, 3, top=4):
        assert all(len(one.top) == 4 for one in row)
        for one in row:
            values = [value for _, value in one.top]
            assert values == sorted(values, reverse=True)
            assert one.logprob <= values[0] + 1e-6
            assert dict(one.top).get(one.token, one.logprob) == pytest.approx(one.logprob)


def test_tokens_that_are_all_as_likely_are_told(toy: Rsgpt, prefix: Prefix, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toy.language.lm_head, "forward", lambda hidden: torch.zeros(*hidden.shape[:-1], 400))
    even = found(toy, prefix, 3, top=4)
    assert all(one.logprob == pytest.approx(-math.log(400), abs=0.01) for row in even for one in row)


def test_alternatives_of_the_first_token_are_those_of_greedy_search(toy: Rsgpt, prefix: Prefix) -> None:
    for row, other in zip(found(toy, prefix, 3, top=5), greedy(toy, prefix), strict=True):
        assert [token for token, _ in row[0].top] == [token for token, _ in other[0].top]
        assert [value for _, value in row[0].top] == pytest.approx([value for _, value in other[0].top], abs=1e-3)


def test_giving_up_ends_the_search(toy: Rsgpt, prefix: Prefix) -> None:
    asked: list[int] = []

    def enough() -> list[bool]:
        asked.append(1)
        return [len(asked) >= 2, False, False]

    with torch.inference_mode():
        rows = in_order(search(toy.language, prefix, Search(2, DecodingRules(EOS), [STEPS] * 3), enough))
    assert len(rows[0]) == 2
    assert [row[0].token for row in rows[1:]] == [row[0].token for row in found(toy, prefix, 2)[1:]]
    assert min(map(len, rows[1:])) > 2


@pytest.mark.parametrize("patient", [False, True])
def test_what_is_told_early_is_what_the_answer_begins_with(toy: Rsgpt, prefix: Prefix, patient: bool) -> None:
    before_the_end = 0
    for eos in [*range(1, 12), 119, 170, 278]:  # so that candidates end early and late
        told: list[list[ChosenToken]] = [[] for _ in PROMPTS]
        how = Search(2 + eos % 2, DecodingRules(eos, patient=patient), [2 * STEPS] * 3, top=5, later=5)
        with torch.inference_mode():
            rows = in_order(
                search(toy.language, prefix, how, lambda: [False] * 3, lambda one, told=told: told[one.row].append(one))
            )
            assert rows == in_order(search(toy.language, prefix, how, lambda: [False] * 3))
        assert [row[: len(early)] for row, early in zip(rows, told, strict=True)] == told
        before_the_end += sum(map(len, told))
    assert before_the_end > 100


@pytest.mark.parametrize("rules", [{}, {"repetition_penalty": 1.5}, {"no_repeat_ngram": 2}, {"patient": True}])
@pytest.mark.parametrize("beams", [2, 3, 5])
def test_it_finds_what_transformers_finds(toy: Rsgpt, prefix: Prefix, beams: int, rules: dict[str, Any]) -> None:
    ended = 0
    likely = {one.token for row in found(toy, prefix, beams) for one in row}
    for eos in likely:  # so that candidates end early and late
        how = Search(beams, DecodingRules(eos, **rules), [STEPS] * len(PROMPTS))
        settings = GenerationConfig(
            max_new_tokens=STEPS, min_new_tokens=1, num_beams=beams, early_stopping=not how.rules.patient,
            do_sample=False, eos_token_id=eos, pad_token_id=eos,
        )  # fmt: skip
        with torch.inference_mode():
            ours = in_order(search(toy.language, prefix, how, lambda: [False] * len(PROMPTS)))
            theirs = toy.language.generate(
                inputs_embeds=prefix.embeds,
                attention_mask=prefix.mask,
                generation_config=settings,
                logits_processor=how.rules.processors(),
            )
        for row, said in zip(ours, theirs.tolist(), strict=True):
            assert [one.token for one in row] == [token for token in said if token != eos]
            ended += len(row) < STEPS
    assert ended > len(PROMPTS)


def test_each_row_has_a_length_of_its_own(toy: Rsgpt, prefix: Prefix) -> None:
    with torch.inference_mode():
        rows = list(search(toy.language, prefix, Search(3, DecodingRules(EOS), [2, 5, 3]), lambda: [False] * 3))
        alone = in_order(search(toy.language, prefix, Search(3, DecodingRules(EOS), [2, 2, 2]), lambda: [False] * 3))
    assert [(place, len(said)) for place, said in rows] == [(0, 2), (2, 3), (1, 5)]  # as each is found
    assert [one.token for one in rows[0][1]] == [one.token for one in alone[0]]
