"""Beam search for a batch of prefixes, by transformers' own generation. It knows ids and log probabilities only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import (
    DynamicCache,
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    StoppingCriteria,
    StoppingCriteriaList,
)

from .decoding import Chosen, Rules
from .rsgpt import Prefix


@dataclass(frozen=True)
class Search:
    """beams: answers followed at once; rules: of the model; most: tokens of an answer; top: how many alternatives to
    tell of each."""

    beams: int
    rules: Rules
    most: int
    top: int = 0


def search(
    language: Any,
    prefix: Prefix,
    how: Search,
    cancelled: Callable[[], Sequence[bool]],
    settled: Callable[[Chosen], None] | None = None,
) -> list[list[Chosen]]:
    """The likeliest answer found to each prefix, without its end token.

    Likelihoods are compared per token, so that short answers have no advantage. cancelled: which rows are no longer
    wanted, asked after each token; of those, what was found until then is returned. settled: takes the tokens of a row
    that every answer which can still be found begins with, in their order, as soon as that is known.
    """
    eos = how.rules.eos
    settings = GenerationConfig(
        max_new_tokens=how.most, min_new_tokens=1, num_beams=how.beams, do_sample=False, pad_token_id=eos,
        eos_token_id=eos, early_stopping=not how.rules.patient, return_dict_in_generate=True,
        decoder_start_token_id=language.generation_config.decoder_start_token_id,
    )  # fmt: skip
    likeliest = _Likeliest(max(how.top, 2 * how.beams), how.top)
    stops: list[StoppingCriteria] = [_Cancelled(cancelled)]
    if settled is not None:
        stops.append(_Settled(len(prefix.mask), language.config.is_encoder_decoder, eos, likeliest, settled))
    read = {} if language.config.is_encoder_decoder else {"past_key_values": _read(language, prefix, how.beams)}
    found = language.generate(
        **read,
        inputs_embeds=prefix.embeds,
        attention_mask=prefix.mask,
        generation_config=settings,
        logits_processor=LogitsProcessorList([_Opening(how.rules), *how.rules.processors(), likeliest]),
        stopping_criteria=StoppingCriteriaList(stops),
    )
    said = found.sequences[:, 1:] if language.config.is_encoder_decoder else found.sequences
    rows: list[list[Chosen]] = [[] for _ in said]
    for step, (values, ids) in zip(range(said.shape[1]), likeliest.steps, strict=False):
        beams = found.beam_indices[:, step].clamp(min=0)
        told = zip(said[:, step].tolist(), ids[beams].tolist(), values[beams].tolist(), strict=True)
        for number, (token, others, logprobs) in enumerate(told):
            if token != eos:
                rows[number].append(_chosen(number, token, others, logprobs, how.top))
    return rows


def _chosen(row: int, token: int, others: Sequence[int], logprobs: Sequence[float], most: int) -> Chosen:
    top = tuple(zip(others, logprobs, strict=True))
    logprob = dict(top).get(token, logprobs[-1])  # left out where it is as likely as the last of them
    return Chosen(row, token, logprob, top[:most])


def _read(language: Any, prefix: Prefix, beams: int) -> Any:
    """All of the prefix but its last vector, read once for a row, where `generate` reads it for each candidate."""
    cache = DynamicCache(config=language.config)
    mask = prefix.mask[:, :-1]
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    inputs = {"attention_mask": mask, "position_ids": positions, "past_key_values": cache, "use_cache": True}
    language(inputs_embeds=prefix.embeds[:, :-1], logits_to_keep=1, **inputs)
    cache.batch_repeat_interleave(beams)
    return cache


class _Opening(LogitsProcessor):
    """Changes the scores of each answer's first token."""

    def __init__(self, rules: Rules) -> None:
        self._rules: Rules | None = rules

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        rules, self._rules = self._rules, None
        if rules is not None:
            rules.open(scores)
        return scores


class _Likeliest(LogitsProcessor):
    """Keeps what is likeliest at each step. Whole scores would take gigabytes; a search goes on with no others."""

    def __init__(self, count: int, most: int) -> None:
        self._count = count
        self._most = most
        self._said: list[Any] = []  # by all candidates, before each step
        self.steps: list[tuple[Tensor, Tensor]] = []

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        # Scores are log probabilities, but for the first token's, of which the end has been taken out.
        told = scores.float() if self.steps else torch.log_softmax(scores.float(), dim=-1)
        best = told.topk(self._count)
        self.steps.append((best.values, best.indices))
        self._said.append(input_ids)
        return scores

    def chosen(self, row: int, rows: int, said: list[int]) -> Chosen:
        """The last token of what all candidates of a row have said."""
        step = len(said) - 1
        before = self._said[step]
        beams = len(before) // rows
        candidates = before[row * beams : (row + 1) * beams, before.shape[1] - step :].tolist()
        place = row * beams + candidates.index(said[:-1])
        values, ids = self.steps[step]
        return _chosen(row, said[-1], ids[place].tolist(), values[place].tolist(), self._most)


class _Settled(StoppingCriteria):
    """Ends nothing: tells what every answer begins with that is still being followed or has ended."""

    def __init__(self, rows: int, first: int, eos: int, likeliest: _Likeliest, told: Callable[[Chosen], None]) -> None:
        """first: tokens that each sequence begins with and that are no answer."""
        self._first, self._eos, self._likeliest, self._told = first, eos, likeliest, told
        self._ended: list[list[list[int]]] = [[] for _ in range(rows)]
        self._count = [0] * rows

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        rows = len(self._count)
        said = input_ids[:, self._first :].reshape(rows, len(input_ids) // rows, -1).tolist()
        for row, candidates in enumerate(said):
            self._ended[row] += [one for one in candidates if one[-1] == self._eos]
            self._tell(row, _shared([*candidates, *self._ended[row]]))
        return torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)

    def _tell(self, row: int, shared: list[int]) -> None:
        while self._count[row] < len(shared) and shared[self._count[row]] != self._eos:
            self._count[row] += 1
            self._told(self._likeliest.chosen(row, len(self._count), shared[: self._count[row]]))


def _shared(sequences: Sequence[list[int]]) -> list[int]:
    """What all of them begin with: nothing lies between the first and the last in order."""
    first, last = min(sequences), max(sequences)
    same = next((place for place, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), None)
    return first if same is None else first[:same]


class _Cancelled(StoppingCriteria):
    """Ends generation for the rows that are no longer wanted."""

    def __init__(self, cancelled: Callable[[], Sequence[bool]]) -> None:
        self._cancelled = cancelled

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        rows = torch.tensor(self._cancelled(), device=input_ids.device)
        return rows.repeat_interleave(len(input_ids) // len(rows))  # each row comes with all its candidates
