"""Typed values from what a model wrote, and how sure it was. Knows no columns and no server."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from ..i18n import marked, translate
from ..text import one_line
from .questions import Question
from .readers import Value

Alternative = tuple[str, float]

_REPEATED = re.compile(r"\b(?P<part>\w+(?:\W+\w+){0,7}?)(?:\W+(?P=part)\b){2,}", re.IGNORECASE)


@dataclass(frozen=True)
class RawAnswer:
    """A model's reply as it is remembered.

    confidence: the server's own, or the geometric mean of the tokens' probabilities; 0 to 1, None where neither
    is known.
    first_top: the likeliest alternatives of the first token with their natural log probabilities,
    likeliest first. asked_at: ISO 8601, UTC. model: what the server calls who answered, empty where it does not tell.
    problem: why there is no answer, or "". is_cut: whether the model reached its limit before the answer's end.
    """

    text: str
    confidence: Optional[float]
    first_top: tuple[Alternative, ...] = ()
    degenerate: bool = False
    asked_at: str = ""
    model: str = ""
    problem: str = ""
    is_cut: bool = False


@dataclass(frozen=True)
class TypedAnswer:
    """A value with its confidence (0 to 1), or, where value is None, the problem in words.

    is_doubt: whether there is no value because the model doubted or was not sure enough; a reply that does not fit is
    none. An answer that was not sure enough has its confidence all the same. A value of an answer that was cut
    off has a problem as well.
    """

    value: Optional[Value]
    confidence: Optional[float] = None
    problem: str = ""
    is_doubt: bool = False


def read_answer(question: Question, raw: RawAnswer) -> TypedAnswer:
    """The typed value of a reply. Text that is degenerate or does not fit the type gives a problem."""
    if raw.problem:
        return TypedAnswer(None, None, raw.problem)
    if raw.degenerate or is_degenerate(raw.text):
        return TypedAnswer(None, None, translate("Rsgpt", "the model wrote nothing usable"))
    cut = translate("Rsgpt", "the answer was cut off at the length limit") if raw.is_cut else ""
    text = raw.text if question.type.is_cut_readable or not raw.is_cut else _complete(raw.text)
    if not text:
        return TypedAnswer(None, None, cut)
    value, is_doubt = question.type.read(text, question.text, question.choices)
    if value is None:
        problem = translate("Rsgpt", "the model cannot tell ('{text}')") if is_doubt else marked(question.type.misfit)
        return TypedAnswer(None, None, problem.format(text=_short(raw.text)), is_doubt)
    return TypedAnswer(value, _confidence(value, raw), cut)


def kept_if_sure(answer: TypedAnswer, least: float) -> TypedAnswer:
    """The answer, or in place of one that is less sure than `least` the words that it cannot be told."""
    if answer.value is None or answer.confidence is None or answer.confidence >= least:
        return answer
    problem = translate("Rsgpt", "I can't tell ('{text}' would be {share} sure)")
    shown = problem.format(text=_short(as_text(answer.value)), share=f"{answer.confidence:.0%}")
    return TypedAnswer(None, answer.confidence, shown, True)


def as_text(value: Optional[Value]) -> str:
    """A value as English text that `read_answer` reads back to an equal one; empty for none."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def is_degenerate(text: str) -> bool:
    """Whether text is empty, has no letter or digit, or is mostly one part repeated three times or more."""
    words = text.strip()
    if not any(character.isalnum() for character in words):
        return True
    longest = max((match.end() - match.start() for match in _REPEATED.finditer(words)), default=0)
    return longest * 2 >= len(words) or re.search(r"([^\W\d_])\1{9,}", words) is not None


def _complete(text: str) -> str:
    """The complete sentences and lines of a text that was cut off: "there are 1" may have begun "there are 12"."""
    ends = [match.end() for match in re.finditer(r"[.!?](?=\s)|\n", text)]
    return text[: ends[-1]] if ends else ""


def _confidence(value: Value, raw: RawAnswer) -> Optional[float]:
    if isinstance(value, bool):
        share = _share(value, raw.first_top)
        if share is not None:
            return share
    return None if raw.confidence is None else min(1.0, max(0.0, raw.confidence))


def _share(value: bool, top: Sequence[Alternative]) -> Optional[float]:
    """The share of `value` in yes and no together, where the first token chose between the two."""
    if not top or _polarity(top[0][0]) is None:
        return None
    mass = {True: 0.0, False: 0.0}
    for text, logprob in top:
        polarity = _polarity(text)
        if polarity is not None:
            mass[polarity] += math.exp(min(0.0, logprob))
    total = mass[True] + mass[False]
    return mass[value] / total if total > 0 else None


def _polarity(token: str) -> Optional[bool]:
    return {"yes": True, "true": True, "no": False, "false": False}.get(token.strip().lower())


def _short(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= 60 else line[:57] + "..."
