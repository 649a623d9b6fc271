"""Beam search for a batch of prefixes, by transformers' own generation. It knows ids and log probabilities only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import GenerationConfig, StoppingCriteria, StoppingCriteriaList

from .decoding import Chosen
from .rsgpt import Prefix


@dataclass(frozen=True)
class Search:
    """beams: answers followed at once; eos: the token that ends one; most: tokens of an answer; top: how many
    alternatives to tell of its first token (the others have none)."""

    beams: int
    eos: int
    most: int
    top: int = 0


def search(language: Any, prefix: Prefix, how: Search, cancelled: Callable[[], bool]) -> list[list[Chosen]]:
    """The likeliest answer found to each prefix, without its end token.

    Likelihoods are compared per token, so that short answers have no advantage. cancelled: asked before each token;
    what was found until then is returned.
    """
    settings = GenerationConfig(
        max_new_tokens=how.most, min_new_tokens=1, num_beams=how.beams, do_sample=False, pad_token_id=how.eos,
        eos_token_id=how.eos, early_stopping=True, return_dict_in_generate=True, output_scores=True,
    )  # fmt: skip
    found = language.generate(
        inputs_embeds=prefix.embeds,
        attention_mask=prefix.mask,
        generation_config=settings,
        stopping_criteria=StoppingCriteriaList([_Cancelled(cancelled)]),
    )
    ids = found.sequences
    scores = language.compute_transition_scores(ids, found.scores, found.beam_indices)
    first = torch.log_softmax(found.scores[0][:: how.beams].float(), dim=-1).topk(how.top)
    openings = [tuple(zip(*map(Tensor.tolist, pair), strict=True)) for pair in zip(*first, strict=True)]
    openings = [tuple((token, logprob) for logprob, token in opening) for opening in openings]
    rows = zip(ids.tolist(), scores.tolist(), openings, strict=True)
    return [_row(number, tokens, values, opening, how.eos) for number, (tokens, values, opening) in enumerate(rows)]


def _row(
    number: int, ids: Sequence[int], logprobs: Sequence[float], opening: tuple[tuple[int, float], ...], eos: int
) -> list[Chosen]:
    length = ids.index(eos) if eos in ids else len(ids)
    tokens = zip(ids[:length], logprobs, strict=False)
    return [Chosen(number, token, value, () if place else opening) for place, (token, value) in enumerate(tokens)]


class _Cancelled(StoppingCriteria):
    """Ends generation for all rows."""

    def __init__(self, cancelled: Callable[[], bool]) -> None:
        self._cancelled = cancelled

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        return torch.full((len(input_ids),), self._cancelled(), dtype=torch.bool, device=input_ids.device)
