"""Values in what a model wrote, one reader per answer type. Knows no question, no confidence and no column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, Optional, Union

from .numbers import whole_numbers

Value = Union[str, bool, int]

_MOST = 2**31 - 1  # what an integer column of every format holds
_YES = re.compile(r"\W*(yes|yeah|yep|true)\b", re.IGNORECASE)
_NO = re.compile(r"\W*(no|nope|none|not|false)\b", re.IGNORECASE)
_DENIES = re.compile(r"\b(is|are|was|does|do|has|have|can)(n't| not| no)\b", re.IGNORECASE)
_AFFIRMS = re.compile(r"\W*(there (is|are)|it (is|does|has)|this is|they are)\b", re.IGNORECASE)


class Reading(NamedTuple):
    """What was read. value: None where the text has none of the type. is_doubt: whether the model said why not."""

    value: Optional[Value]
    is_doubt: bool = False


def read_text(text: str, choices: Sequence[str] = ()) -> Reading:
    """The text as it is, without margins."""
    # A GeoPackage ends a string at a NUL.
    return Reading(text.replace("\0", "").strip())


def read_yes_or_no(text: str, choices: Sequence[str] = ()) -> Reading:
    """Yes or no."""
    for pattern, value in ((_YES, True), (_NO, False)):
        if pattern.match(text):
            return Reading(value)
    if _DENIES.search(text):
        return Reading(False)
    return Reading(True if _AFFIRMS.match(text) else None)


def read_whole_number(text: str, choices: Sequence[str] = ()) -> Reading:
    """One whole number."""
    found = {number for number in whole_numbers(text) if abs(number) <= _MOST}
    if found:
        return Reading(found.pop() if len(found) == 1 else None)
    return Reading(0 if _NO.match(text) or _DENIES.search(text) else None)


def read_choice(text: str, choices: Sequence[str]) -> Reading:
    """One of the choices."""
    folded = " ".join(re.findall(r"\w+", text.casefold()))
    spelled = {" ".join(re.findall(r"\w+", choice.casefold())): choice for choice in choices}
    if folded in spelled:
        return Reading(spelled[folded])
    hits = [words for words in spelled if words and re.search(rf"\b{re.escape(words)}\b", folded)]
    widest = [words for words in hits if not any(words != other and words in other for other in hits)]
    return Reading(spelled[widest[0]] if len(widest) == 1 else None)
