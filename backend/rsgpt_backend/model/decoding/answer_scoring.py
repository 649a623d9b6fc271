"""How likely each of some given answers is to follow a prefix. It knows ids and log probabilities, no text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from ..rsgpt import Prefix, pad
from .decoder_state import start
from .generation import DecodingRules

Options = Sequence[Sequence[int]]  # the tokens of each answer that is possible, without the end

_NONE = -100  # what cross entropy leaves out


def score(
    language: Any, prefix: Prefix, options: Sequence[Options], rules: DecodingRules, most: Sequence[int] = ()
) -> list[list[float]]:
    """Natural log probability of each row's options: of all their tokens and of the end behind them.

    The prefix is read once a row, then all options of all rows at once. What forbids repetition counts for none.
    most: so many of each row's options are read, those with the likeliest first tokens; the others get minus infinity.
    What the model computes as infinite is NaN here.
    """
    state = start(language, prefix)
    first = state.first()
    first[:, rules.eos] = -torch.inf
    rules.open(first)
    opening = torch.log_softmax(first.float(), dim=-1)
    read = [_likeliest(one, opening[row], most[row] if most else len(one)) for row, one in enumerate(options)]
    answers = [[*one[place], rules.eos] for one, places in zip(options, read, strict=True) for place in places]
    rows = torch.tensor([row for row, places in enumerate(read) for _ in places])
    said, _ = pad([answer[:-1] for answer in answers], rules.eos, first.device)
    follows, _ = pad([answer[1:] for answer in answers], _NONE, first.device)
    begins = torch.tensor([answer[0] for answer in answers], device=first.device)
    state.keep(rows)
    scores = state.read(said).float().transpose(1, 2)
    found = opening[rows.to(first.device), begins]
    found = found - cross_entropy(scores, follows, ignore_index=_NONE, reduction="none").sum(dim=1)
    found = torch.where(found.isfinite(), found, torch.nan)
    parts = found.split([len(places) for places in read])
    return [_spread(part.tolist(), places, len(one)) for part, places, one in zip(parts, read, options, strict=True)]


def _likeliest(options: Options, opening: Tensor, most: int) -> list[int]:
    """The places of those options that begin likeliest, in their order; of those that begin alike, the first.

    A tokenizer may write each digit as a token of its own behind a space, so that all numbers in digits begin alike.
    """
    if len(options) <= most:
        return list(range(len(options)))
    begins = opening[torch.tensor([option[0] for option in options], device=opening.device)]
    return sorted(begins.sort(descending=True, stable=True).indices[:most].tolist())


def _spread(found: Sequence[float], places: Sequence[int], count: int) -> list[float]:
    known = dict(zip(places, found, strict=True))
    return [known.get(place, -math.inf) for place in range(count)]
