"""Token-by-token generation for a batch of prefixes. It knows ids and log probabilities, no text and no pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from .rsgpt import Prefix


@dataclass(frozen=True)
class Draw:
    """How a row chooses its tokens. temperature 0: the likeliest; top: how many alternatives to report."""

    temperature: float = 0.0
    seed: int = 0
    top: int = 0


@dataclass(frozen=True)
class Chosen:
    """A token of one row: its id, natural log probability, and the likeliest ids with theirs."""

    row: int
    token: int
    logprob: float
    top: tuple[tuple[int, float], ...]


class Decoder:
    """Runs the language model over prefixes, one token a row at a time; finished rows leave the batch.

    Rows are named by their place in the prefix. The caller ends a row by not advancing it; the batch shrinks then.
    """

    def __init__(self, language: Any, prefix: Prefix, draws: Sequence[Draw], eos: int) -> None:
        """eos: the token that no answer begins with; RSGPT generates at least one other, too."""
        self._language = language
        self._draws = draws
        self._generators = [torch.Generator().manual_seed(draw.seed) for draw in draws]
        self._rows = list(range(len(draws)))
        self._mask = prefix.mask
        self._cache = DynamicCache(config=language.config)
        positions = (prefix.mask.cumsum(1) - 1).clamp(min=0)
        self._next_position = positions[:, -1:] + 1
        self._logits = self._forward(positions, inputs_embeds=prefix.embeds)
        self._logits[:, eos] = -torch.inf

    @property
    def rows(self) -> list[int]:
        """Rows that are still running."""
        return list(self._rows)

    def choose(self) -> list[Chosen]:
        """One token for each running row."""
        scores = torch.log_softmax(self._logits.float(), dim=-1)
        best = scores.topk(max(1, *(self._draws[row].top for row in self._rows)))  # once for all rows
        ids, logprobs = best.indices.tolist(), best.values.tolist()
        likeliest = scores.argmax(dim=-1).tolist()
        chosen = []
        for place, row in enumerate(self._rows):
            top = tuple(zip(ids[place], logprobs[place], strict=True))[: self._draws[row].top]
            token = self._drawn(row, scores[place]) if self._draws[row].temperature > 0 else likeliest[place]
            chosen.append(Chosen(row, token, float(scores[place, token]), top))
        return chosen

    def advance(self, chosen: Sequence[Chosen]) -> None:
        """Feed the tokens of the rows that go on; rows that are not among them are dropped."""
        kept = {choice.row: choice.token for choice in chosen}
        self._keep([place for place, row in enumerate(self._rows) if row in kept])
        if not self._rows:
            return
        ids = torch.tensor([[kept[row]] for row in self._rows], device=self._mask.device)
        self._mask = torch.cat([self._mask, self._mask.new_ones(len(self._rows), 1)], dim=1)
        self._logits = self._forward(self._next_position, input_ids=ids)
        self._next_position = self._next_position + 1

    def _drawn(self, row: int, scores: Tensor) -> int:
        """A token at random, by the row's temperature and seed."""
        shares = torch.softmax(scores / self._draws[row].temperature, dim=-1).cpu()
        return int(torch.multinomial(shares, 1, generator=self._generators[row]))

    def _keep(self, places: list[int]) -> None:
        if len(places) == len(self._rows):
            return
        self._rows = [self._rows[place] for place in places]
        if not places:
            return
        index = torch.tensor(places, device=self._mask.device)
        self._cache.batch_select_indices(index)
        self._mask, self._next_position = self._mask[index], self._next_position[index]

    def _forward(self, positions: Tensor, **inputs: Tensor) -> Tensor:
        """Scores of the next token, [rows, vocabulary]; only the last position reaches the vocabulary."""
        output = self._language(
            **inputs,
            attention_mask=self._mask,
            position_ids=positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        )
        logits: Tensor = output.logits[:, -1]
        return logits
