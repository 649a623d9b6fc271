"""Options scored together have the same log probabilities as options scored alone, token by token."""

from __future__ import annotations

import math

import pytest
import torch

from rsgpt_backend.model.decoding.answer_scoring import score
from rsgpt_backend.model.decoding.decoder_state import start
from rsgpt_backend.model.decoding.generation import DecodingRules
from rsgpt_backend.model.rsgpt import Prefix, Rsgpt
from rsgpt_backend.model.vision.encoders import to_bytes
from tests.backend.toy import EOS, IMAGE_SIZE, picture

PROMPTS = ("Is there any water?", "gray")
OPTIONS = ([[5], [7, 9, 11], [7, 9]], [[30, 31, 32, 33], [6]])
ODDS = 0.75


@pytest.fixture
def prefix(toy: Rsgpt) -> Prefix:
    features = toy.encode(to_bytes([picture(number) for number in range(len(PROMPTS))], IMAGE_SIZE))
    with torch.inference_mode():
        return toy.prefix(features, toy.instruct(PROMPTS))


def alone(toy: Rsgpt, prefix: Prefix, row: int, option: list[int], rules: DecodingRules) -> float:
    state = start(toy.language, Prefix(prefix.embeds[row : row + 1], prefix.mask[row : row + 1]))
    scores, total = state.first(), 0.0
    scores[:, rules.eos] = -torch.inf
    rules.open(scores)
    for token in option:
        total += float(scores.log_softmax(-1)[0, token])
        scores = state.next(torch.tensor([[token]]))
    return total + float(scores.log_softmax(-1)[0, rules.eos])


@pytest.mark.parametrize(
    "rules", [DecodingRules(EOS), DecodingRules(EOS, openings=((5, ODDS),)), DecodingRules(EOS, 1.5, 2)]
)
@torch.inference_mode()
def test_batch_scores_equal_single_scores(toy: Rsgpt, prefix: Prefix, rules: DecodingRules) -> None:
    scores = score(toy.language, prefix, OPTIONS, rules)
    wanted = [[alone(toy, prefix, row, option, rules) for option in options] for row, options in enumerate(OPTIONS)]
    for row, wanted_row in zip(scores, wanted, strict=True):
        assert row == pytest.approx(wanted_row, abs=1e-3)
    assert len({round(value, 2) for row in wanted for value in row}) == sum(map(len, OPTIONS))


@torch.inference_mode()
def test_openings_raise_the_log_odds_of_their_token(toy: Rsgpt, prefix: Prefix) -> None:
    plain = score(toy.language, prefix, OPTIONS, DecodingRules(EOS))
    biased = score(toy.language, prefix, OPTIONS, DecodingRules(EOS, openings=((5, ODDS),)))
    odds = [(row[0][0] - row[0][1]) for row in (plain, biased)]
    assert odds[1] - odds[0] == pytest.approx(ODDS, abs=1e-3)


@torch.inference_mode()
def test_only_options_with_the_likeliest_first_tokens_are_scored(toy: Rsgpt, prefix: Prefix) -> None:
    full = score(toy.language, prefix, OPTIONS, DecodingRules(EOS))
    limited = score(toy.language, prefix, OPTIONS, DecodingRules(EOS), limits=[1, 2])
    assert [sum(map(math.isfinite, row)) for row in limited] == [1, 2]
    for row, full_row in zip(limited, full, strict=True):
        assert [a for a in row if math.isfinite(a)] == pytest.approx(
            [b for a, b in zip(row, full_row, strict=True) if math.isfinite(a)], abs=1e-3
        )


@torch.inference_mode()
def test_first_options_are_scored_if_all_start_alike(toy: Rsgpt, prefix: Prefix) -> None:
    options = [[[5, 6 + number % 40] for number in range(220)]] * len(OPTIONS)
    scores = score(toy.language, prefix, options, DecodingRules(EOS), [32] * len(OPTIONS))
    for row in scores:
        assert [index for index, logprob in enumerate(row) if logprob > -math.inf] == list(range(32))
