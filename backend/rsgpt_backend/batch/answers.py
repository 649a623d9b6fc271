"""Typed values from what a model wrote, read as the plugin reads them. Knows no columns and no engine."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .numbers import whole_numbers
from .questions import AnswerType, Question

Value = str | bool | int

_MOST = 2**31 - 1  # what an integer column holds
_YES = re.compile(r"\W*(yes|yeah|yep|true)\b", re.IGNORECASE)
_NO = re.compile(r"\W*(no|nope|none|not|false)\b", re.IGNORECASE)
_DENIES = re.compile(r"\b(is|are|was|does|do|has|have|can)(n't| not| no)\b", re.IGNORECASE)
_AFFIRMS = re.compile(r"\W*(there (is|are)|it (is|does|has)|this is|they are)\b", re.IGNORECASE)
_REPEATED = re.compile(r"\b(?P<part>\w+(?:\W+\w+){0,7}?)(?:\W+(?P=part)\b){2,}", re.IGNORECASE)
_MISFITS = {
    AnswerType.TEXT: "is no text",
    AnswerType.YESNO: "is neither yes nor no",
    AnswerType.INTEGER: "is not one whole number",
    AnswerType.CHOICE: "is not one of the choices",
}


@dataclass(frozen=True)
class RawAnswer:
    """What the engine said. problem: why it said nothing, or ""; asked_at: ISO 8601, UTC."""

    text: str
    confidence: float
    degenerate: bool = False
    asked_at: str = ""
    problem: str = ""


@dataclass(frozen=True)
class TypedAnswer:
    """A value with its confidence, or, where value is None, the problem in words.

    A confidence without a value: the answer was not sure enough to be told.
    """

    value: Value | None
    confidence: float | None = None
    problem: str = ""


def read_answer(question: Question, raw: RawAnswer, least: float = 0.0) -> TypedAnswer:
    """The typed value of an answer that is at least so sure."""
    if raw.problem:
        return TypedAnswer(None, None, raw.problem)
    if raw.degenerate or is_degenerate(raw.text):
        return TypedAnswer(None, None, "the model wrote nothing usable")
    value = _READERS[question.type](raw.text, question)
    if value is None:
        return TypedAnswer(None, None, f"'{_short(raw.text)}' {_MISFITS[question.type]}")
    if raw.confidence < least:
        said = ("yes" if value else "no") if isinstance(value, bool) else _short(str(value))
        problem = f"I can't tell ('{said}' would be {raw.confidence:.0%} sure)"
        return TypedAnswer(None, raw.confidence, problem)
    return TypedAnswer(value, raw.confidence)


def is_degenerate(text: str) -> bool:
    """Whether text has no letter or digit, or is mostly one part repeated three times or more."""
    words = text.strip()
    if not any(character.isalnum() for character in words):
        return True
    longest = max((match.end() - match.start() for match in _REPEATED.finditer(words)), default=0)
    return longest * 2 >= len(words) or re.search(r"([^\W\d_])\1{9,}", words) is not None


def _text(text: str, _: Question) -> str:
    return text.replace("\0", "").strip()  # a GeoPackage ends a string at a NUL


def _yes_or_no(text: str, _: Question) -> bool | None:
    if _YES.match(text):
        return True
    if _NO.match(text) or _DENIES.search(text):
        return False
    return True if _AFFIRMS.match(text) else None


def _integer(text: str, _: Question) -> int | None:
    found = {number for number in whole_numbers(text) if abs(number) <= _MOST}
    if found:
        return found.pop() if len(found) == 1 else None
    return 0 if _NO.match(text) or _DENIES.search(text) else None


def _choice(text: str, question: Question) -> str | None:
    spelled = {_folded(choice): choice for choice in question.choices}
    folded = _folded(text)
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


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:57] + "..."
