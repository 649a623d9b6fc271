"""Greedy and sampled generation for a batch of prefixes, token by token."""

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

_MIN_TEMPERATURE = 1e-6  # leaves the likeliest token only; much lower values are 0 in float32


@dataclass(frozen=True)
class Sampling:
    """How a row chooses its tokens. temperature 0: the likeliest; top: number of alternatives to report.

    top_p: cumulative probability of the likeliest tokens that are sampled from.
    """

    temperature: float = 0.0
    seed: int = 0
    top: int = 0
    top_p: float = 1.0


@dataclass(frozen=True)
class ChosenToken:
    """A token of one row: its id, natural log probability, and the likeliest ids with their log probabilities."""

    row: int
    token: int
    logprob: float
    top: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class DecodingRules:
    """The decoding rules of a model. Tokens of the prompt do not count: the model reads the prompt as vectors.

    eos: token that ends an answer and never begins one; repetition_penalty: penalty for tokens that the answer already
    contains, 1 for none; no_repeat_ngram: length of token sequences that may occur once only, 0 for no limit;
    openings: (token, value) pairs to add to the logits of the first token; patient: see beam_search.
    """

    eos: int
    repetition_penalty: float = 1.0
    no_repeat_ngram: int = 0
    openings: tuple[tuple[int, float], ...] = ()
    patient: bool = False

    def open(self, logits: Tensor) -> None:
        """Add the openings to the logits of the first token, [rows, vocabulary], in place."""
        for token, odds in self.openings:
            logits[:, token] += odds

    def processors(self) -> LogitsProcessorList:
        """Return the processors that apply the repetition rules to the scores of the next token."""
        processors: list[LogitsProcessor] = []
        if self.repetition_penalty != 1:
            processors.append(RepetitionPenaltyLogitsProcessor(self.repetition_penalty))
        if self.no_repeat_ngram:
            processors.append(NoRepeatNGramLogitsProcessor(self.no_repeat_ngram))
        return LogitsProcessorList(processors)


class Decoder:
    """Decodes one token per row at a time; finished rows leave the batch.

    Rows are identified by their index in the prefix. The caller ends a row by not passing it to `advance`.
    """

    def __init__(self, language: Any, prefix: Prefix, samplings: Sequence[Sampling], rules: DecodingRules) -> None:
        self._samplings, self._processors = samplings, rules.processors()
        self._generators = [torch.Generator().manual_seed(sampling.seed) for sampling in samplings]
        self._rows = list(range(len(samplings)))
        self._ids = prefix.mask.new_empty(len(samplings), 0)
        self._state = start(language, prefix)
        self._logits = self._state.first()
        self._logits[:, rules.eos] = -torch.inf
        rules.open(self._logits)

    @property
    def rows(self) -> list[int]:
        """The rows that are still running."""
        return list(self._rows)

    def choose(self) -> list[ChosenToken]:
        """Return one token for each running row."""
        scores = torch.log_softmax(self._logits.float(), dim=-1)
        best = scores.topk(max(1, *(self._samplings[row].top for row in self._rows)))  # once for all rows
        ids, logprobs = best.indices.tolist(), best.values.tolist()
        likeliest = scores.argmax(dim=-1).tolist()
        chosen = []
        for index, row in enumerate(self._rows):
            top = tuple(zip(ids[index], logprobs[index], strict=True))[: self._samplings[row].top]
            token = self._sample(row, scores[index]) if self._samplings[row].temperature > 0 else likeliest[index]
            chosen.append(ChosenToken(row, token, float(scores[index, token]), top))
        return chosen

    def advance(self, chosen: Sequence[ChosenToken]) -> None:
        """Append the tokens to their rows and compute the next logits; drop the rows without a token."""
        tokens = {choice.row: choice.token for choice in chosen}
        self._keep([index for index, row in enumerate(self._rows) if row in tokens])
        if not self._rows:
            return
        ids = torch.tensor([[tokens[row]] for row in self._rows], device=self._ids.device)
        self._ids = torch.cat([self._ids, ids], dim=1)
        self._logits = self._processors(self._ids, self._state.next(ids))

    def _sample(self, row: int, scores: Tensor) -> int:
        """Return a random token according to the row's temperature and seed."""
        # The highest score becomes 0, so that a low temperature cannot produce infinities and NaN probabilities.
        scaled = (scores - scores.max()) / max(self._samplings[row].temperature, _MIN_TEMPERATURE)
        probabilities = _nucleus(torch.softmax(scaled, dim=-1).cpu(), self._samplings[row].top_p)
        return int(torch.multinomial(probabilities, 1, generator=self._generators[row]))

    def _keep(self, indices: list[int]) -> None:
        if len(indices) == len(self._rows):
            return
        self._rows = [self._rows[index] for index in indices]
        if not indices:
            return
        selection = torch.tensor(indices)  # on the CPU, because the layers may be on several GPUs
        self._state.keep(selection)
        self._ids = self._ids[selection]


def _nucleus(probabilities: Tensor, top_p: float) -> Tensor:
    """Set all probabilities to 0 except those of the likeliest tokens, at least one, that together reach `top_p`."""
    if top_p >= 1:
        return probabilities
    ordered, indices = probabilities.sort(descending=True)
    ordered[ordered.cumsum(dim=0) - ordered > top_p] = 0.0
    return torch.zeros_like(probabilities).scatter(0, indices, ordered)
