"""Typed values of model replies and their confidence."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from ..i18n import marked, translate
from ..text import one_line, percent
from .questions import Question
from .readers import Value

Alternative = tuple[str, float]

_REPEATED = re.compile(r"\b(?P<part>\w+(?:\W+\w+){0,7}?)(?:\W+(?P=part)\b){2,}", re.IGNORECASE)


@dataclass(frozen=True)
class RawAnswer:
    """A model's reply as it is cached.

    confidence: 0 to 1, reported by the server or the geometric mean of the token probabilities; None if unknown.
    first_top: most likely alternatives of the first token with natural log probabilities, most likely first.
    asked_at: ISO 8601, UTC. model: name reported by the server, or "". problem: why there is no answer, or "".
    is_cut: whether the model reached its length limit before the end of the answer. is_unusual: whether the picture is
    far from the training pictures of the model. answered_by: the part of the model that answered, or "".
    """

    text: str
    confidence: Optional[float]
    first_top: tuple[Alternative, ...] = ()
    degenerate: bool = False
    asked_at: str = ""
    model: str = ""
    problem: str = ""
    is_cut: bool = False
    is_unusual: bool = False
    answered_by: str = ""


@dataclass(frozen=True)
class TypedAnswer:
    """A value with its confidence (0 to 1), or None and the problem in words.

    is_doubt: whether the value is missing because the model doubted or its confidence is too low (then `confidence` is
    set). Replies that do not fit the type are not doubt. Answers that were cut off can have a value and a problem.
    """

    value: Optional[Value]
    confidence: Optional[float] = None
    problem: str = ""
    is_doubt: bool = False


def read_answer(question: Question, raw: RawAnswer) -> TypedAnswer:
    """Return the typed value of a reply; a problem if its text is degenerate or does not fit the type."""
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
        problem = (
            translate("Rsgpt", "the model cannot tell ('{text}')") if is_doubt else marked(question.type.misfit_message)
        )
        return TypedAnswer(None, None, problem.format(text=_short(raw.text)), is_doubt)
    return TypedAnswer(value, _confidence(value, raw), cut)


def hide_if_unsure(answer: TypedAnswer, min_confidence: float) -> TypedAnswer:
    """Return the answer, or an "I can't tell" problem if its confidence is below `min_confidence` (0 to 1)."""
    if answer.value is None or answer.confidence is None or answer.confidence >= min_confidence:
        return answer
    problem = translate("Rsgpt", "I can't tell ('{text}' would be {share} sure)")
    message = problem.format(text=_short(as_text(answer.value)), share=percent(answer.confidence))
    return TypedAnswer(None, answer.confidence, message, True)


def as_text(value: Optional[Value]) -> str:
    """Return a value as English text that `read_answer` reads back to an equal value; "" for None."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def is_degenerate(text: str) -> bool:
    """Return whether text has no letter or digit, or consists mostly of one part repeated at least three times."""
    words = text.strip()
    if not any(character.isalnum() for character in words):
        return True
    longest = max((match.end() - match.start() for match in _REPEATED.finditer(words)), default=0)
    return longest * 2 >= len(words) or re.search(r"([^\W\d_])\1{9,}", words) is not None


def _complete(text: str) -> str:
    """Return the complete sentences and lines of a cut text: "there are 1" may be the start of "there are 12"."""
    ends = [match.end() for match in re.finditer(r"[.!?](?=\s)|\n", text)]
    return text[: ends[-1]] if ends else ""


def _confidence(value: Value, raw: RawAnswer) -> Optional[float]:
    if isinstance(value, bool):
        share = _share(value, raw.first_top)
        if share is not None:
            return share
    return None if raw.confidence is None else min(1.0, max(0.0, raw.confidence))


def _share(value: bool, top: Sequence[Alternative]) -> Optional[float]:
    """Return the probability of `value` among yes and no; None if the first token is neither."""
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
