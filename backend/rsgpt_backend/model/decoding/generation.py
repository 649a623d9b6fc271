"""Token-by-token generation for a batch of prefixes. It knows ids and log probabilities, no text and no pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import (
    LogitsProcessor,
    LogitsProcessorList,
    NoRepeatNGramLogitsProcessor,
    RepetitionPenaltyLogitsProcessor,
)

from ..rsgpt import Prefix
from .decoder_state import start

_COLDEST = 1e-6  # temperature; it already leaves nothing but the likeliest token, and much lower ones are 0 in float32


@dataclass(frozen=True)
class Sampling:
    """How a row chooses its tokens. temperature 0: the likeliest; top: how many alternatives to report.

    top_p: it draws from the likeliest tokens that together have this share.
    """

    temperature: float = 0.0
    seed: int = 0
    top: int = 0
    top_p: float = 1.0


@dataclass(frozen=True)
class ChosenToken:
    """A token of one row: its id, natural log probability, and the likeliest ids with theirs."""

    row: int
    token: int
    logprob: float
    top: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class DecodingRules:
    """What holds for every answer of a model. eos: the token that ends one, and that none begins with;
    repetition_penalty: what a token that was said before loses, 1 for none; no_repeat_ngram: so many tokens in a row
    are said once, 0 for no such rule; openings: what is added to the logits of an answer's first token; patient: a
    search goes on while a better answer may be found, not just until each beam has one. The prompt's tokens count in
    none of these: it comes as vectors."""

    eos: int
    repetition_penalty: float = 1.0
    no_repeat_ngram: int = 0
    openings: tuple[tuple[int, float], ...] = ()
    patient: bool = False

    def open(self, logits: Tensor) -> None:
        """Change the logits [rows, vocabulary] of the first token, in place."""
        for token, odds in self.openings:
            logits[:, token] += odds

    def processors(self) -> LogitsProcessorList:
        """What changes the scores of the next token, given those that were said."""
        found: list[LogitsProcessor] = []
        if self.repetition_penalty != 1:
            found.append(RepetitionPenaltyLogitsProcessor(self.repetition_penalty))
        if self.no_repeat_ngram:
            found.append(NoRepeatNGramLogitsProcessor(self.no_repeat_ngram))
        return LogitsProcessorList(found)


class Decoder:
    """Runs the language model over prefixes, one token a row at a time; finished rows leave the batch.

    Rows are named by their place in the prefix. The caller ends a row by not advancing it; the batch shrinks then.
    """

    def __init__(self, language: Any, prefix: Prefix, draws: Sequence[Sampling], rules: DecodingRules) -> None:
        self._draws, self._processors = draws, rules.processors()
        self._generators = [torch.Generator().manual_seed(draw.seed) for draw in draws]
        self._rows = list(range(len(draws)))
        self._said = prefix.mask.new_empty(len(draws), 0)
        self._state = start(language, prefix)
        self._logits = self._state.first()
        self._logits[:, rules.eos] = -torch.inf
        rules.open(self._logits)

    @property
    def rows(self) -> list[int]:
        """Rows that are still running."""
        return list(self._rows)

    def choose(self) -> list[ChosenToken]:
        """One token for each running row."""
        scores = torch.log_softmax(self._logits.float(), dim=-1)
        best = scores.topk(max(1, *(self._draws[row].top for row in self._rows)))  # once for all rows
        ids, logprobs = best.indices.tolist(), best.values.tolist()
        likeliest = scores.argmax(dim=-1).tolist()
        chosen = []
        for place, row in enumerate(self._rows):
            top = tuple(zip(ids[place], logprobs[place], strict=True))[: self._draws[row].top]
            token = self._drawn(row, scores[place]) if self._draws[row].temperature > 0 else likeliest[place]
            chosen.append(ChosenToken(row, token, float(scores[place, token]), top))
        return chosen

    def advance(self, chosen: Sequence[ChosenToken]) -> None:
        """Feed the tokens of the rows that go on; rows that are not among them are dropped."""
        kept = {choice.row: choice.token for choice in chosen}
        self._keep([place for place, row in enumerate(self._rows) if row in kept])
        if not self._rows:
            return
        ids = torch.tensor([[kept[row]] for row in self._rows], device=self._said.device)
        self._said = torch.cat([self._said, ids], dim=1)
        self._logits = self._processors(self._said, self._state.next(ids))

    def _drawn(self, row: int, scores: Tensor) -> int:
        """A token at random, by the row's temperature and seed."""
        # From the highest score downwards, so that no temperature makes infinities of which the shares would be NaN.
        below = (scores - scores.max()) / max(self._draws[row].temperature, _COLDEST)
        shares = _nucleus(torch.softmax(below, dim=-1).cpu(), self._draws[row].top_p)
        return int(torch.multinomial(shares, 1, generator=self._generators[row]))

    def _keep(self, places: list[int]) -> None:
        if len(places) == len(self._rows):
            return
        self._rows = [self._rows[place] for place in places]
        if not places:
            return
        index = torch.tensor(places)  # on no GPU: layers may lie on several, and each takes this
        self._state.keep(index)
        self._said = self._said[index]


def _nucleus(shares: Tensor, top_p: float) -> Tensor:
    """The shares of the likeliest tokens that together reach `top_p`, of at least one; 0 for the others."""
    if top_p >= 1:
        return shares
    ordered, places = shares.sort(descending=True)
    ordered[ordered.cumsum(dim=0) - ordered > top_p] = 0.0
    return torch.zeros_like(shares).scatter(0, places, ordered)
