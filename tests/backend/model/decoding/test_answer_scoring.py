"""Options scored together are as likely as when each is read alone, a token at a time."""

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
    """The log probability of one option and its end, by one step after another."""
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
def test_together_as_alone(toy: Rsgpt, prefix: Prefix, rules: DecodingRules) -> None:
    found = score(toy.language, prefix, OPTIONS, rules)
    wanted = [[alone(toy, prefix, row, one, rules) for one in options] for row, options in enumerate(OPTIONS)]
    for row, options in zip(found, wanted, strict=True):
        assert row == pytest.approx(options, abs=1e-3)
    assert len({round(value, 2) for row in wanted for value in row}) == sum(map(len, OPTIONS))


@torch.inference_mode()
def test_what_an_opening_is_given_it_has_more(toy: Rsgpt, prefix: Prefix) -> None:
    plain = score(toy.language, prefix, OPTIONS, DecodingRules(EOS))
    given = score(toy.language, prefix, OPTIONS, DecodingRules(EOS, openings=((5, ODDS),)))
    odds = [(row[0][0] - row[0][1]) for row in (plain, given)]
    assert odds[1] - odds[0] == pytest.approx(ODDS, abs=1e-3)


@torch.inference_mode()
def test_only_the_likeliest_beginnings_are_read(toy: Rsgpt, prefix: Prefix) -> None:
    whole = score(toy.language, prefix, OPTIONS, DecodingRules(EOS))
    some = score(toy.language, prefix, OPTIONS, DecodingRules(EOS), most=[1, 2])
    assert [sum(map(math.isfinite, row)) for row in some] == [1, 2]
    for row, all_of_it in zip(some, whole, strict=True):
        assert [a for a in row if math.isfinite(a)] == pytest.approx(
            [b for a, b in zip(row, all_of_it, strict=True) if math.isfinite(a)], abs=1e-3
        )


@torch.inference_mode()
def test_of_answers_that_begin_alike_the_first_are_read(toy: Rsgpt, prefix: Prefix) -> None:
    """As numbers in digits do where a space is a token of its own."""
    options = [[[5, 6 + place % 40] for place in range(220)]] * len(OPTIONS)
    found = score(toy.language, prefix, options, DecodingRules(EOS), [32] * len(OPTIONS))
    for row in found:
        assert [place for place, one in enumerate(row) if one > -math.inf] == list(range(32))
