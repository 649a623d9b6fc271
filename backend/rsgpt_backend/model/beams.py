"""Beam search for a batch of prefixes, by transformers' own generation. It knows ids and log probabilities only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList, StoppingCriteria, StoppingCriteriaList

from .decoding import Chosen
from .rsgpt import Prefix


@dataclass(frozen=True)
class Search:
    """beams: answers followed at once; eos: the token that ends one; most: tokens of an answer; top: how many
    alternatives to tell of each."""

    beams: int
    eos: int
    most: int
    top: int = 0


def search(language: Any, prefix: Prefix, how: Search, cancelled: Callable[[], Sequence[bool]]) -> list[list[Chosen]]:
    """The likeliest answer found to each prefix, without its end token.

    Likelihoods are compared per token, so that short answers have no advantage. cancelled: which rows are no longer
    wanted, asked after each token; of those, what was found until then is returned.
    """
    settings = GenerationConfig(
        max_new_tokens=how.most, min_new_tokens=1, num_beams=how.beams, do_sample=False, pad_token_id=how.eos,
        eos_token_id=how.eos, early_stopping=True, return_dict_in_generate=True,
    )  # fmt: skip
    likeliest = _Likeliest(max(how.top, 2 * how.beams))
    found = language.generate(
        inputs_embeds=prefix.embeds,
        attention_mask=prefix.mask,
        generation_config=settings,
        logits_processor=LogitsProcessorList([likeliest]),
        stopping_criteria=StoppingCriteriaList([_Cancelled(cancelled)]),
    )
    rows: list[list[Chosen]] = [[] for _ in found.sequences]
    for step, (values, ids) in zip(range(found.sequences.shape[1]), likeliest.steps, strict=False):
        beams = found.beam_indices[:, step].clamp(min=0)
        told = zip(found.sequences[:, step].tolist(), ids[beams].tolist(), values[beams].tolist(), strict=True)
        for number, (token, others, logprobs) in enumerate(told):
            if token != how.eos:
                top = tuple(zip(others, logprobs, strict=True))
                rows[number].append(Chosen(number, token, dict(top)[token], top[: how.top]))
    return rows


class _Likeliest(LogitsProcessor):
    """Keeps what is likeliest at each step. Whole scores would take gigabytes; a search goes on with no others."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.steps: list[tuple[Tensor, Tensor]] = []

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        # Scores are log probabilities, but for the first token's, of which the end has been taken out.
        told = scores.float() if self.steps else torch.log_softmax(scores.float(), dim=-1)
        best = told.topk(self._count)
        self.steps.append((best.values, best.indices))
        return scores


class _Cancelled(StoppingCriteria):
    """Ends generation for the rows that are no longer wanted."""

    def __init__(self, cancelled: Callable[[], Sequence[bool]]) -> None:
        self._cancelled = cancelled

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        rows = torch.tensor(self._cancelled(), device=input_ids.device)
        return rows.repeat_interleave(len(input_ids) // len(rows))  # each row comes with all its candidates
