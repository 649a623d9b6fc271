"""Beam search finds answers at least as likely as greedy decoding, and the same in a batch as alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
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


def searched(toy: Rsgpt, prefix: Prefix, beams: int, eos: int = EOS, top: int = 0) -> list[list[ChosenToken]]:
    rows = len(prefix.mask)
    settings = Search(beams, DecodingRules(eos), [STEPS] * rows, top, top)
    with torch.inference_mode():
        return in_order(search(toy.language, prefix, settings, lambda: [False] * rows))


def in_order(answers: Iterator[tuple[int, tuple[ChosenToken, ...]]]) -> list[list[ChosenToken]]:
    return [list(tokens) for _, tokens in sorted(answers, key=lambda pair: pair[0])]


def greedy(toy: Rsgpt, prefix: Prefix) -> list[list[ChosenToken]]:
    rows: list[list[ChosenToken]] = [[] for _ in PROMPTS]
    with torch.inference_mode():
        decoder = Decoder(toy.language, prefix, [Sampling(top=5)] * len(PROMPTS), DecodingRules(EOS))
        while decoder.rows and len(rows[0]) < STEPS:
            chosen = decoder.choose()
            for token in chosen:
                rows[token.row].append(token)
            decoder.advance(chosen)
    return rows


def test_beams_find_likelier_answers(toy: Rsgpt, prefix: Prefix) -> None:
    wide, narrow = searched(toy, prefix, 4), greedy(toy, prefix)
    means = [
        (fmean(token.logprob for token in row), fmean(token.logprob for token in other))
        for row, other in zip(wide, narrow, strict=True)
    ]
    assert all(mean >= other - 1e-4 for mean, other in means)
    assert any(mean > other + 0.01 for mean, other in means)


def test_beam_search_of_a_batch_equals_searches_of_single_prompts(toy: Rsgpt, prefix: Prefix) -> None:
    together = searched(toy, prefix, 3)
    for row in range(len(PROMPTS)):
        real = prefix.mask[row].bool()
        (alone,) = searched(toy, Prefix(prefix.embeds[row][real][None], prefix.mask[row][real][None]), 3)
        assert [token.token for token in together[row]] == [token.token for token in alone]


def test_beam_answer_excludes_eos(toy: Rsgpt, prefix: Prefix) -> None:
    third = searched(toy, prefix, 2)[0][2].token
    ended = searched(toy, prefix, 2, eos=third)
    assert all(token.token != third for row in ended for token in row)
    assert all(row for row in ended)  # no answer begins with it
    assert min(map(len, ended)) < STEPS


def test_beam_tokens_have_sorted_alternatives(toy: Rsgpt, prefix: Prefix) -> None:
    for row in searched(toy, prefix, 3, top=4):
        assert all(len(token.top) == 4 for token in row)
        for token in row:
            values = [value for _, value in token.top]
            assert values == sorted(values, reverse=True)
            assert token.logprob <= values[0] + 1e-6
            assert dict(token.top).get(token.token, token.logprob) == pytest.approx(token.logprob)


def test_equally_likely_tokens_have_the_uniform_log_probability(
    toy: Rsgpt, prefix: Prefix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toy.language.lm_head, "forward", lambda hidden: torch.zeros(*hidden.shape[:-1], 400))
    even = searched(toy, prefix, 3, top=4)
    assert all(token.logprob == pytest.approx(-math.log(400), abs=0.01) for row in even for token in row)


def test_alternatives_of_the_first_token_are_those_of_greedy_search(toy: Rsgpt, prefix: Prefix) -> None:
    for row, other in zip(searched(toy, prefix, 3, top=5), greedy(toy, prefix), strict=True):
        assert [token for token, _ in row[0].top] == [token for token, _ in other[0].top]
        assert [value for _, value in row[0].top] == pytest.approx([value for _, value in other[0].top], abs=1e-3)


def test_cancelled_row_ends_its_search(toy: Rsgpt, prefix: Prefix) -> None:
    calls: list[int] = []

    def cancelled() -> list[bool]:
        calls.append(1)
        return [len(calls) >= 2, False, False]

    with torch.inference_mode():
        rows = in_order(search(toy.language, prefix, Search(2, DecodingRules(EOS), [STEPS] * 3), cancelled))
    assert len(rows[0]) == 2
    assert [row[0].token for row in rows[1:]] == [row[0].token for row in searched(toy, prefix, 2)[1:]]
    assert min(map(len, rows[1:])) > 2


@pytest.mark.parametrize("patient", [False, True])
def test_tokens_reported_early_are_a_prefix_of_the_answer(toy: Rsgpt, prefix: Prefix, patient: bool) -> None:
    reported_count = 0
    for eos in [*range(1, 12), 119, 170, 278]:  # so that candidates end early and late
        reported: list[list[ChosenToken]] = [[] for _ in PROMPTS]
        settings = Search(
            2 + eos % 2,
            DecodingRules(eos, patient=patient),
            [2 * STEPS] * 3,
            first_alternatives=5,
            later_alternatives=5,
        )
        with torch.inference_mode():
            rows = in_order(
                search(
                    toy.language,
                    prefix,
                    settings,
                    lambda: [False] * 3,
                    partial(lambda reported, token: reported[token.row].append(token), reported),
                )
            )
            assert rows == in_order(search(toy.language, prefix, settings, lambda: [False] * 3))
        assert [row[: len(early)] for row, early in zip(rows, reported, strict=True)] == reported
        reported_count += sum(map(len, reported))
    assert reported_count > 100


@pytest.mark.parametrize("rules", [{}, {"repetition_penalty": 1.5}, {"no_repeat_ngram": 2}, {"patient": True}])
@pytest.mark.parametrize("beams", [2, 3, 5])
def test_beam_search_equals_that_of_transformers(toy: Rsgpt, prefix: Prefix, beams: int, rules: dict[str, Any]) -> None:
    ended = 0
    candidates = {token.token for row in searched(toy, prefix, beams) for token in row}
    for eos in candidates:  # so that candidates end early and late
        settings = Search(beams, DecodingRules(eos, **rules), [STEPS] * len(PROMPTS))
        config = GenerationConfig(
            max_new_tokens=STEPS, min_new_tokens=1, num_beams=beams, early_stopping=not settings.rules.patient,
            do_sample=False, eos_token_id=eos, pad_token_id=eos,
        )  # fmt: skip
        with torch.inference_mode():
            ours = in_order(search(toy.language, prefix, settings, lambda: [False] * len(PROMPTS)))
            theirs = toy.language.generate(
                inputs_embeds=prefix.embeds,
                attention_mask=prefix.mask,
                generation_config=config,
                logits_processor=settings.rules.processors(),
            )
        for row, wanted in zip(ours, theirs.tolist(), strict=True):
            assert [token.token for token in row] == [token for token in wanted if token != eos]
            ended += len(row) < STEPS
    assert ended > len(PROMPTS)


def test_each_row_has_its_own_length_limit(toy: Rsgpt, prefix: Prefix) -> None:
    with torch.inference_mode():
        rows = list(search(toy.language, prefix, Search(3, DecodingRules(EOS), [2, 5, 3]), lambda: [False] * 3))
        alone = in_order(search(toy.language, prefix, Search(3, DecodingRules(EOS), [2, 2, 2]), lambda: [False] * 3))
    assert [(index, len(tokens)) for index, tokens in rows] == [(0, 2), (2, 3), (1, 5)]  # in the order of their ends
    assert [token.token for token in rows[0][1]] == [token.token for token in alone[0]]
