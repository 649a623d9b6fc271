"""What a closed question may be answered with, and the likeliest of it. It knows no tensors.

The order in which choices are listed decides nothing: the model is shown them in several orders that follow from their
names alone, and what it makes of each is averaged.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rsgpt_plugin.shared.answers.answer_types import AnswerType
from rsgpt_plugin.shared.answers.numbers import in_words

from ..predictor import NUMBERS, Ask, Token
from .confidence import Scale, answer_form, rescaled

if TYPE_CHECKING:
    from ..model.rsgpt import Rsgpt

# Spellings of numbers that are read to their end: those that begin likeliest, of those that begin alike the smallest.
_READ = 32
_ORDERS = 4


def with_choices(ask: Ask) -> Ask:
    """The same ask; one for any whole number has the numbers as its choices."""
    return replace(ask, choices=NUMBERS) if ask.is_number and not ask.choices else ask


def wordings(ask: Ask) -> list[str]:
    """The prompts to ask: where the ask's own lists its choices, with the list in several orders."""
    question = ask.prompt.removesuffix(AnswerType.CHOICE.prompt("", ask.choices))
    if question == ask.prompt:
        return [ask.prompt]
    names = sorted(ask.choices)
    count = min(_ORDERS, len(names))
    turns = [number * len(names) // count for number in range(count)]
    return [AnswerType.CHOICE.prompt(question, [*names[turn:], *names[:turn]]) for turn in turns]


def spellings(ask: Ask) -> list[tuple[str, ...]]:
    """The ways to write each of an ask's choices."""
    return [_spelled(choice, ask.is_number) for choice in ask.choices]


def options_of(model: Rsgpt, ask: Ask) -> list[list[int]]:
    """The tokens of all spellings, one after another, as the model learnt to answer."""
    lead = model.config.language.lead
    texts = [f"{lead}{text}" for one in spellings(ask) for text in one]
    return [list(ids) for ids in model.tokenizer(texts, add_special_tokens=False).input_ids]


def most_read(ask: Ask) -> int:
    """How many of the spellings are to be read to their end."""
    return _READ if ask.is_number else sum(map(len, spellings(ask)))


def together(ask: Ask, scores: Sequence[Sequence[float]]) -> list[float]:
    """Log probability of each choice: of all its spellings, averaged over the wordings that were asked.

    scores: of all spellings, for each wording.
    """
    joined = []
    for of_one in scores:
        left = iter(of_one)
        joined.append([_log_sum([next(left) for _ in texts]) for texts in spellings(ask)])
    return [sum(column) / len(joined) for column in zip(*joined, strict=True)]


def likeliest(ask: Ask, logprobs: Sequence[float], scales: Mapping[str, Scale]) -> tuple[Token, float]:
    """The choice, with the others as its alternatives, and how sure it is, 0 to 1: its share in all choices.

    logprobs: of the choices, in their order.
    """
    total = _log_sum(logprobs)
    shares = [(choice, one - total) for choice, one in zip(ask.choices, logprobs, strict=True)]
    ranked = sorted(shares, key=lambda share: -share[1])
    text, logprob = ranked[0]
    sure = rescaled(math.exp(logprob), scales.get(_scale(ask), (1.0, 0.0)))
    return Token(text, logprob, tuple(ranked[: ask.top_logprobs])), sure


def _spelled(choice: str, is_number: bool) -> tuple[str, ...]:
    if is_number:
        return choice, in_words(int(choice))
    return (choice, choice.capitalize()) if choice in ("yes", "no") else (choice,)


def _scale(ask: Ask) -> str:
    """The name of the scale of an ask's confidence."""
    if ask.is_number:
        return "number"
    return "yes_no" if all(answer_form(choice) == "yes_no" for choice in ask.choices) else "choice"


def _log_sum(logprobs: Sequence[float]) -> float:
    most = max(logprobs)
    return most if not math.isfinite(most) else most + math.log(sum(math.exp(one - most) for one in logprobs))
