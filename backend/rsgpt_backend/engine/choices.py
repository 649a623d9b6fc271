"""Closed questions: their choices, the prompts and spellings that are scored, and the likeliest choice.

The order in which the choices are listed does not change the answer: the model reads them in several orders, which
depend on the names alone, and the scores are averaged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rsgpt_plugin.shared.answers.answer_types import AnswerType
from rsgpt_plugin.shared.answers.numbers import number_in_words
from rsgpt_plugin.shared.answers.places import PLACES
from rsgpt_plugin.shared.vocabulary.kinds import groups_of_name

from ..predictor import NUMBERS, Ask, Token
from .confidence import YES_NO, answer_form
from .heads.question_reader import ParsedQuestion

if TYPE_CHECKING:
    from ..model.rsgpt import Rsgpt

# Spellings of numbers that are scored to their end: those with the likeliest first tokens; if these are equal, the
# smallest numbers.
_MAX_NUMBER_SPELLINGS = 32
_ORDERS = 4
_CHOICES = {"number": NUMBERS, "place": PLACES, "presence": YES_NO}  # by the kind of the question


@dataclass(frozen=True)
class Proposal:
    """Possible answers, of which the language model chooses one.

    logprobs: log probability of each before the language model scores it, by answer; form: of the answer, the name of
    its calibration scale.
    """

    logprobs: dict[str, float]
    form: str


def with_choices(ask: Ask, question: ParsedQuestion | None = None) -> Ask:
    """Return the ask; if it is for any whole number, with NUMBERS as its choices.

    question: what the ask's prompt asks for; if that is a number, a place or the presence of a thing, the ask gets the
    possible answers as its choices, too. The prompt stays the same.
    """
    if ask.choices:
        return ask
    kind = "number" if ask.is_whole_number else question.kind if question else None
    choices = _CHOICES.get(kind or "", ())
    return replace(ask, choices=choices, is_whole_number=kind == "number") if choices else ask


def question_of(ask: Ask) -> str:
    """Return the ask's prompt without the list of its choices, if it ends with one."""
    return ask.prompt.removesuffix(AnswerType.CHOICE.prompt("", ask.choices))


def wordings(ask: Ask) -> list[str]:
    """Return the prompts to score: if the ask's prompt lists its choices, one prompt per order of the list."""
    question = question_of(ask)
    if question == ask.prompt:
        return [ask.prompt]
    names = sorted(ask.choices)
    count = min(_ORDERS, len(names))
    starts = [number * len(names) // count for number in range(count)]
    return [AnswerType.CHOICE.prompt(question, [*names[start:], *names[:start]]) for start in starts]


def spellings(ask: Ask) -> list[tuple[str, ...]]:
    """Return the ways to write each choice of an ask."""
    return [_spellings_of(choice, ask.is_whole_number) for choice in ask.choices]


def spelling_tokens(model: Rsgpt, ask: Ask) -> list[list[int]]:
    """Return the token ids of all spellings, in order, with the model's lead."""
    lead = model.config.language.lead
    texts = [f"{lead}{text}" for choice in spellings(ask) for text in choice]
    return [list(ids) for ids in model.tokenizer(texts, add_special_tokens=False).input_ids]


def max_spellings_scored(ask: Ask) -> int:
    """Return the number of spellings that are scored to their end."""
    return _MAX_NUMBER_SPELLINGS if ask.is_whole_number else sum(map(len, spellings(ask)))


def choice_logprobs(ask: Ask, scores: Sequence[Sequence[float]]) -> list[float]:
    """Sum over the spellings of each choice, then average over the wordings.

    scores: log probabilities of all spellings, per wording.
    """
    per_wording = []
    for spelling_scores in scores:
        remaining = iter(spelling_scores)
        per_wording.append([_log_sum([next(remaining) for _ in texts]) for texts in spellings(ask)])
    return [sum(column) / len(per_wording) for column in zip(*per_wording, strict=True)]


def likeliest(ask: Ask, logprobs: Sequence[float]) -> Token:
    """Return the likeliest choice as a token with its alternatives.

    Its log probability is that of its share in the probability of all choices. logprobs: one per choice, in order.
    """
    total = _log_sum(logprobs)
    shares = [(choice, logprob - total) for choice, logprob in zip(ask.choices, logprobs, strict=True)]
    ranked = sorted(shares, key=lambda share: -share[1])
    return Token(*ranked[0], tuple(ranked[: ask.top_logprobs]))


def kind_share(token: Token, choices: Sequence[str], logprobs: Sequence[float]) -> float:
    """Return the share of all names for the kind of area that a chosen name means: a synonym is no rival.

    token: the likeliest of the choices; logprobs: of the choices, in order.
    """
    groups, total = groups_of_name(token.text), _log_sum(logprobs)
    return sum(
        math.exp(logprob - total)
        for name, logprob in zip(choices, logprobs, strict=True)
        if name == token.text or groups & groups_of_name(name)
    )


def choice_form(ask: Ask) -> str:
    """Return the form of the answers to an ask with choices, the name of their calibration scale."""
    if ask.is_whole_number:
        return "number"
    if ask.choices == PLACES and wordings(ask) == [ask.prompt]:
        return "place"
    return "yes_no" if all(answer_form(choice) == "yes_no" for choice in ask.choices) else "choice"


def _spellings_of(choice: str, is_whole_number: bool) -> tuple[str, ...]:
    if is_whole_number:
        return choice, number_in_words(int(choice))
    return (choice, choice.capitalize()) if choice in YES_NO else (choice,)


def _log_sum(logprobs: Sequence[float]) -> float:
    largest = max(logprobs)
    if not math.isfinite(largest):
        return largest
    return largest + math.log(sum(math.exp(logprob - largest) for logprob in logprobs))
