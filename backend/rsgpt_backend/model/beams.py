"""Beam search for a batch of prefixes, by transformers' own generation. It knows ids and log probabilities only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import (
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
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


def search(language: Any, prefix: Prefix, how: Search, cancelled: Callable[[], Sequence[bool]]) -> list[list[Chosen]]:
    """The likeliest answer found to each prefix, without its end token.

    Likelihoods are compared per token, so that short answers have no advantage. cancelled: which rows are no longer
    wanted, asked after each token; of those, what was found until then is returned.
    """
    eos = how.rules.eos
    settings = GenerationConfig(
        max_new_tokens=how.most, min_new_tokens=1, num_beams=how.beams, do_sample=False, pad_token_id=eos,
        eos_token_id=eos, early_stopping=True, return_dict_in_generate=True,
        decoder_start_token_id=language.generation_config.decoder_start_token_id,
    )  # fmt: skip
    likeliest = _Likeliest(max(how.top, 2 * how.beams))
    found = language.generate(
        inputs_embeds=prefix.embeds,
        attention_mask=prefix.mask,
        generation_config=settings,
        logits_processor=LogitsProcessorList([*_penalties(how.rules), likeliest]),
        stopping_criteria=StoppingCriteriaList([_Cancelled(cancelled)]),
    )
    said = found.sequences[:, 1:] if language.config.is_encoder_decoder else found.sequences
    rows: list[list[Chosen]] = [[] for _ in said]
    for step, (values, ids) in zip(range(said.shape[1]), likeliest.steps, strict=False):
        beams = found.beam_indices[:, step].clamp(min=0)
        told = zip(said[:, step].tolist(), ids[beams].tolist(), values[beams].tolist(), strict=True)
        for number, (token, others, logprobs) in enumerate(told):
            if token != eos:
                top = tuple(zip(others, logprobs, strict=True))
                rows[number].append(Chosen(number, token, dict(top)[token], top[: how.top]))
    return rows


def _penalties(rules: Rules) -> list[LogitsProcessor]:
    """Of tokens that were said before; the prompt comes as vectors and has no part in it."""
    penalty = rules.repetition_penalty
    return [RepetitionPenaltyLogitsProcessor(penalty)] if penalty != 1 else []


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
