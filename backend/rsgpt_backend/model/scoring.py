"""How likely each of some given answers is to follow a prefix. It knows ids and log probabilities, no text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from .decoding import Rules
from .rsgpt import Prefix, pad
from .states import start

Options = Sequence[Sequence[int]]  # the tokens of each answer that is possible, without the end

_NONE = -100  # what cross entropy leaves out


def score(language: Any, prefix: Prefix, options: Sequence[Options], rules: Rules) -> list[list[float]]:
    """Natural log probability of each row's options: of all their tokens and of the end behind them.

    The prefix is read once a row, then all options of all rows at once. What forbids repetition counts for none.
    """
    state = start(language, prefix)
    first = state.first()
    first[:, rules.eos] = -torch.inf
    rules.open(first)
    answers = [[*option, rules.eos] for one in options for option in one]
    rows = torch.tensor([row for row, one in enumerate(options) for _ in one])
    said, _ = pad([answer[:-1] for answer in answers], rules.eos, first.device)
    follows, _ = pad([answer[1:] for answer in answers], _NONE, first.device)
    begins = torch.tensor([answer[0] for answer in answers], device=first.device)
    opening = torch.log_softmax(first.float(), dim=-1)[rows.to(first.device), begins]
    state.keep(rows)
    scores = state.read(said).float().transpose(1, 2)
    found = opening - cross_entropy(scores, follows, ignore_index=_NONE, reduction="none").sum(dim=1)
    return [list(part.tolist()) for part in found.split([len(one) for one in options])]
