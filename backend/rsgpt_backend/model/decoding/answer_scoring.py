"""Scoring of candidate answers: how likely each one is to follow a prefix."""

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

Options = Sequence[Sequence[int]]  # token ids of each candidate answer, without the end token

_IGNORED = -100  # target that cross entropy ignores


def score(
    language: Any, prefix: Prefix, options: Sequence[Options], rules: DecodingRules, limits: Sequence[int] = ()
) -> list[list[float]]:
    """Return the natural log probability of each row's options, including the end token.

    The prefix is read once per row, then all options of all rows together. Repetition rules do not apply.
    limits: number of options to score per row, those with the likeliest first tokens; the others get minus infinity.
    Scores that the model computes as infinite are NaN.
    """
    state = start(language, prefix)
    first = state.first()
    first[:, rules.eos] = -torch.inf
    rules.open(first)
    first_logprobs = torch.log_softmax(first.float(), dim=-1)
    selected = [
        _likeliest(row_options, first_logprobs[row], limits[row] if limits else len(row_options))
        for row, row_options in enumerate(options)
    ]
    answers = [
        [*row_options[index], rules.eos]
        for row_options, indices in zip(options, selected, strict=True)
        for index in indices
    ]
    rows = torch.tensor([row for row, indices in enumerate(selected) for _ in indices])
    inputs, _ = pad([answer[:-1] for answer in answers], rules.eos, first.device)
    targets, _ = pad([answer[1:] for answer in answers], _IGNORED, first.device)
    first_ids = torch.tensor([answer[0] for answer in answers], device=first.device)
    state.keep(rows)
    logits = state.read(inputs).float().transpose(1, 2)
    logprobs = first_logprobs[rows.to(first.device), first_ids]
    logprobs = logprobs - cross_entropy(logits, targets, ignore_index=_IGNORED, reduction="none").sum(dim=1)
    logprobs = torch.where(logprobs.isfinite(), logprobs, torch.nan)
    parts = logprobs.split([len(indices) for indices in selected])
    return [
        _spread(part.tolist(), indices, len(row_options))
        for part, indices, row_options in zip(parts, selected, options, strict=True)
    ]


def _likeliest(options: Options, first_logprobs: Tensor, limit: int) -> list[int]:
    """Return the sorted indices of the options with the likeliest first tokens; the first options if these are equal.

    With a tokenizer that has a token for the space before a number, all numbers in digits start alike.
    """
    if len(options) <= limit:
        return list(range(len(options)))
    starts = first_logprobs[torch.tensor([option[0] for option in options], device=first_logprobs.device)]
    return sorted(starts.sort(descending=True, stable=True).indices[:limit].tolist())


def _spread(logprobs: Sequence[float], indices: Sequence[int], count: int) -> list[float]:
    by_index = dict(zip(indices, logprobs, strict=True))
    return [by_index.get(index, -math.inf) for index in range(count)]
