"""The likeliest of an ask's choices, and its share among them. It knows no tensors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .asking import Ask, Token
from .confidence import Scale, calibrated, form

if TYPE_CHECKING:
    from .model.rsgpt import Rsgpt
    from .model.scoring import Options


def options_of(model: Rsgpt, ask: Ask) -> Options:
    """The tokens of an ask's choices, as the model learnt to answer."""
    lead = model.config.language.lead
    return [model.tokenizer(f"{lead}{choice}", add_special_tokens=False).input_ids for choice in ask.choices]


def likeliest(ask: Ask, logprobs: Sequence[float], scales: Mapping[str, Scale]) -> tuple[Token, float]:
    """The choice, with the others as its alternatives, and how sure it is, 0 to 1: its share in all choices.

    logprobs: of the choices, in their order.
    """
    most = max(logprobs)
    total = most + math.log(sum(math.exp(one - most) for one in logprobs))
    shares = [(choice, one - total) for choice, one in zip(ask.choices, logprobs, strict=True)]
    ranked = sorted(shares, key=lambda share: -share[1])
    text, logprob = ranked[0]
    return Token(text, logprob, tuple(ranked[: ask.top_logprobs])), _sure(ask, text, math.exp(logprob), scales)


def _sure(ask: Ask, text: str, share: float, scales: Mapping[str, Scale]) -> float:
    """The scales are of free answers; of these only a yes or no is a share, too."""
    is_yes_no = all(form(choice) == "yes_no" for choice in ask.choices)
    return calibrated(share, text, scales) if is_yes_no else share
