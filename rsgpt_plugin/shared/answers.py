"""Typed values from what a model wrote, and how sure it was. Knows no columns and no server."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional, Union

from .i18n import translate
from .numbers import whole_numbers
from .questions import AnswerType, Question

Value = Union[str, bool, int]
Alternative = tuple[str, float]

_MOST = 2**31 - 1  # what an integer column of every format holds
_YES = re.compile(r"\W*(yes|yeah|yep|true)\b", re.IGNORECASE)
_NO = re.compile(r"\W*(no|nope|none|not|false)\b", re.IGNORECASE)
_DENIES = re.compile(r"\b(is|are|was|does|do|has|have|can)(n't| not| no)\b", re.IGNORECASE)
_AFFIRMS = re.compile(r"\W*(there (is|are)|it (is|does|has)|this is|they are)\b", re.IGNORECASE)
_REPEATED = re.compile(r"\b(?P<part>\w+(?:\W+\w+){0,7}?)(?:\W+(?P=part)\b){2,}", re.IGNORECASE)


@dataclass(frozen=True)
class RawAnswer:
    """A model's reply as it is remembered.

    confidence: the server's own, or the geometric mean of the tokens' probabilities; 0 to 1, None where neither
    is known.
    first_top: the likeliest alternatives of the first token with their natural log probabilities,
    likeliest first. asked_at: ISO 8601, UTC. model: what the server calls who answered, empty where it does not tell.
    problem: why there is no answer, or "".
    """

    text: str
    confidence: Optional[float]
    first_top: tuple[Alternative, ...] = ()
    degenerate: bool = False
    asked_at: str = ""
    model: str = ""
    problem: str = ""


@dataclass(frozen=True)
class TypedAnswer:
    """A value with its confidence (0 to 1), or, where value is None, the problem in words.

    Where the problem is that the answer was not sure enough, there is a confidence, too.
    """

    value: Optional[Value]
    confidence: Optional[float] = None
    problem: str = ""


def read_answer(question: Question, raw: RawAnswer) -> TypedAnswer:
    """The typed value of a reply. Text that is degenerate or does not fit the type gives a problem."""
    if raw.problem:
        return TypedAnswer(None, None, raw.problem)
    if raw.degenerate or is_degenerate(raw.text):
        return TypedAnswer(None, None, translate("Rsgpt", "the model wrote nothing usable"))
    value = _READERS[question.type](raw.text, question)
    if value is None:
        return TypedAnswer(None, None, _misfit(question.type).format(text=_short(raw.text)))
    return TypedAnswer(value, _confidence(value, raw))


def kept_if_sure(answer: TypedAnswer, least: float) -> TypedAnswer:
    """The answer, or in place of one that is less sure than `least` the words that it cannot be told."""
    if answer.value is None or answer.confidence is None or answer.confidence >= least:
        return answer
    said = ("yes" if answer.value else "no") if isinstance(answer.value, bool) else _short(str(answer.value))
    problem = translate("Rsgpt", "I can't tell ('{text}' would be {share} sure)")
    return TypedAnswer(None, answer.confidence, problem.format(text=said, share=f"{answer.confidence:.0%}"))


def is_degenerate(text: str) -> bool:
    """Whether text is empty, has no letter or digit, or is mostly one part repeated three times or more."""
    words = text.strip()
    if not any(character.isalnum() for character in words):
        return True
    longest = max((match.end() - match.start() for match in _REPEATED.finditer(words)), default=0)
    return longest * 2 >= len(words) or re.search(r"([^\W\d_])\1{9,}", words) is not None


def _text(text: str, question: Question) -> str:
    # A GeoPackage ends a string at a NUL.
    return text.replace("\0", "").strip()


def _yes_or_no(text: str, question: Question) -> Optional[bool]:
    for pattern, value in ((_YES, True), (_NO, False)):
        if pattern.match(text):
            return value
    if _DENIES.search(text):
        return False
    return True if _AFFIRMS.match(text) else None


def _integer(text: str, question: Question) -> Optional[int]:
    found = {number for number in whole_numbers(text) if abs(number) <= _MOST}
    if found:
        return found.pop() if len(found) == 1 else None
    return 0 if _NO.match(text) or _DENIES.search(text) else None


def _choice(text: str, question: Question) -> Optional[str]:
    folded = " ".join(re.findall(r"\w+", text.casefold()))
    spelled = {" ".join(re.findall(r"\w+", choice.casefold())): choice for choice in question.choices}
    if folded in spelled:
        return spelled[folded]
    hits = [words for words in spelled if words and re.search(rf"\b{re.escape(words)}\b", folded)]
    widest = [words for words in hits if not any(words != other and words in other for other in hits)]
    return spelled[widest[0]] if len(widest) == 1 else None


_READERS = {
    AnswerType.TEXT: _text,
    AnswerType.YESNO: _yes_or_no,
    AnswerType.INTEGER: _integer,
    AnswerType.CHOICE: _choice,
}


def _misfit(kind: AnswerType) -> str:
    return {
        AnswerType.TEXT: translate("Rsgpt", "'{text}' is no text"),
        AnswerType.YESNO: translate("Rsgpt", "'{text}' is neither yes nor no"),
        AnswerType.INTEGER: translate("Rsgpt", "'{text}' is not one whole number"),
        AnswerType.CHOICE: translate("Rsgpt", "'{text}' is not one of the choices"),
    }[kind]


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
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:57] + "..."
