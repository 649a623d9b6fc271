"""The answers of a batch equal those of single prompts and those of transformers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from transformers import GenerationConfig

from rsgpt_backend.model.decoding.generation import ChosenToken, Decoder, DecodingRules, Sampling
from rsgpt_backend.model.rsgpt import Prefix, Rsgpt
from rsgpt_backend.model.vision.encoders import to_bytes
from tests.backend.toy import BOS, EOS, IMAGE_SIZE, picture

PROMPTS = ("Is there any water?", "Describe this image.", "gray", "many green trees and a road near a river and a lake")
STEPS = 12
RULES = DecodingRules(EOS)


@pytest.fixture(scope="module")
def prefix(toy: Rsgpt) -> Prefix:
    features = toy.encode(to_bytes([picture(number) for number in range(len(PROMPTS))], IMAGE_SIZE))
    return toy.prefix(features, toy.instruct(PROMPTS))


def part(prefix: Prefix, row: int) -> Prefix:
    """Return one row without its padding."""
    real = prefix.mask[row].bool()
    return Prefix(prefix.embeds[row][real][None], prefix.mask[row][real][None])


def decode(
    toy: Rsgpt, prefix: Prefix, samplings: Sequence[Sampling], lengths: Sequence[int], rules: DecodingRules = RULES
) -> list[list[ChosenToken]]:
    rows: list[list[ChosenToken]] = [[] for _ in samplings]
    with torch.inference_mode():
        decoder = Decoder(toy.language, prefix, samplings, rules)
        while decoder.rows:
            chosen = decoder.choose()
            for token in chosen:
                rows[token.row].append(token)
            decoder.advance([token for token in chosen if len(rows[token.row]) < lengths[token.row]])
    return rows


def ids(row: Sequence[ChosenToken]) -> list[int]:
    return [token.token for token in row]


def test_batch_answers_equal_single_answers(toy: Rsgpt, prefix: Prefix) -> None:
    samplings, lengths = [Sampling(top=3)] * len(PROMPTS), [STEPS] * len(PROMPTS)
    together = decode(toy, prefix, samplings, lengths)
    for row in range(len(PROMPTS)):
        (alone,) = decode(toy, part(prefix, row), [Sampling(top=3)], [STEPS])
        assert ids(together[row]) == ids(alone)
        for token, other in zip(together[row], alone, strict=True):
            assert token.logprob == pytest.approx(other.logprob, abs=1e-3)
    assert len({tuple(ids(row)) for row in together}) == len(PROMPTS)


def test_greedy_answers_equal_those_of_transformers(toy: Rsgpt, prefix: Prefix) -> None:
    rows = decode(toy, prefix, [Sampling()] * len(PROMPTS), [STEPS] * len(PROMPTS))
    settings = GenerationConfig(
        max_new_tokens=STEPS, do_sample=False, bos_token_id=BOS, pad_token_id=EOS, begin_suppress_tokens=[EOS]
    )
    settings.eos_token_id = None
    wanted = toy.language.generate(
        inputs_embeds=prefix.embeds, attention_mask=prefix.mask, generation_config=settings
    ).tolist()
    assert [ids(row) for row in rows] == wanted


def test_no_answer_begins_with_eos(toy: Rsgpt, prefix: Prefix) -> None:
    first = [ids(row)[0] for row in decode(toy, prefix, [Sampling()] * 4, [1] * 4)]
    second = [row[0] for row in decode(toy, prefix, [Sampling(top=5)] * 4, [1] * 4, rules=DecodingRules(first[0]))]
    assert second[0].token != first[0]
    assert second[0].token == second[0].top[0][0]
    assert first[0] not in dict(second[0].top)


def test_finished_rows_do_not_change_the_others(toy: Rsgpt, prefix: Prefix) -> None:
    samplings = [Sampling(), Sampling(0.7, seed=5), Sampling(), Sampling(1.2, seed=6)]
    whole = decode(toy, prefix, samplings, [STEPS] * 4)
    cut = decode(toy, prefix, samplings, [2, STEPS, 5, STEPS])
    assert [len(row) for row in cut] == [2, STEPS, 5, STEPS]
    for row, length in enumerate([2, STEPS, 5, STEPS]):
        assert ids(cut[row]) == ids(whole[row][:length])


def test_sampling_is_reproducible_by_seed(toy: Rsgpt, prefix: Prefix) -> None:
    single = part(prefix, 0)
    first, again, other = (ids(decode(toy, single, [Sampling(1.5, seed=seed)], [STEPS])[0]) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_sampling_of_a_row_depends_on_its_seed_only(toy: Rsgpt, prefix: Prefix) -> None:
    samplings = [Sampling(1.5, seed=row) for row in range(4)]
    together = decode(toy, prefix, samplings, [STEPS] * 4)
    assert ids(together[2]) == ids(decode(toy, part(prefix, 2), [samplings[2]], [STEPS])[0])


def test_a_low_temperature_is_nearly_greedy(toy: Rsgpt, prefix: Prefix) -> None:
    cold = decode(toy, prefix, [Sampling(1e-4)] * 4, [STEPS] * 4)
    greedy = decode(toy, prefix, [Sampling()] * 4, [STEPS] * 4)
    assert [ids(row) for row in cold] == [ids(row) for row in greedy]


def test_alternatives_are_log_probabilities_in_order(toy: Rsgpt, prefix: Prefix) -> None:
    ((first, *_),) = decode(toy, part(prefix, 0), [Sampling(top=311)], [1])
    values = [value for _, value in first.top]
    assert values == sorted(values, reverse=True)
    assert first.top[0] == (first.token, first.logprob)
    assert sum(torch.tensor(values).exp()) == pytest.approx(1, abs=1e-4)


def test_no_alternatives_unless_asked_for(toy: Rsgpt, prefix: Prefix) -> None:
    assert decode(toy, part(prefix, 0), [Sampling()], [1])[0][0].top == ()


def test_sampled_token_has_its_own_log_probability(toy: Rsgpt, prefix: Prefix) -> None:
    (row,) = decode(toy, part(prefix, 0), [Sampling(5.0, seed=1, top=311)], [STEPS])
    assert any(token.token != token.top[0][0] for token in row)
    assert all(dict(token.top)[token.token] == token.logprob for token in row)


@pytest.mark.parametrize("temperature", [1e-6, 1e-38, 1e-44, 1e-45, 5e-324])
def test_very_low_temperatures_are_greedy(toy: Rsgpt, prefix: Prefix, temperature: float) -> None:
    cold = decode(toy, prefix, [Sampling(temperature)] * 4, [STEPS] * 4)
    greedy = decode(toy, prefix, [Sampling()] * 4, [STEPS] * 4)
    assert [ids(row) for row in cold] == [ids(row) for row in greedy]


def test_nucleus_contains_the_likeliest_tokens_only(toy: Rsgpt, prefix: Prefix) -> None:
    single = part(prefix, 0)
    sampled = {ids(decode(toy, single, [Sampling(5.0, seed=seed, top_p=0.05)], [1])[0])[0] for seed in range(30)}
    ((first,),) = decode(toy, single, [Sampling(top=311)], [1])
    shares = torch.softmax(torch.tensor([logprob for _, logprob in first.top]) / 5.0, dim=-1)
    inside = int((shares.cumsum(0) - shares <= 0.05).sum())
    assert 1 < inside < 100
    assert sampled <= {token for token, _ in first.top[:inside]}
    assert len(sampled) > 1


def test_the_smallest_nucleus_is_the_likeliest_token(toy: Rsgpt, prefix: Prefix) -> None:
    narrow = decode(toy, prefix, [Sampling(2.0, seed=1, top_p=1e-9)] * 4, [STEPS] * 4)
    assert [ids(row) for row in narrow] == [ids(row) for row in decode(toy, prefix, [Sampling()] * 4, [STEPS] * 4)]
