"""Whole numbers in English text, in digits or words up to 999. Knows no fractions: they are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Optional

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_WORDS = {word: value for value, word in enumerate(_SMALL)}
_WORDS.update({word: 10 * value for value, word in enumerate(_TENS, start=2)})

_WORD = "|".join([*_WORDS, "hundred"])
_NUMBER = re.compile(
    r"(?<![\w.,-])(?P<digits>-?\d+(?:,\d{3})*)(?![\w%]|[.,]\d)"
    rf"|\b(?P<words>(?:a\s+hundred|{_WORD})(?:(?:\s+and\s+|[\s-]+)(?:{_WORD}))*)\b",
    re.IGNORECASE,
)


def whole_numbers(text: str) -> Iterator[int]:
    """The whole numbers in `text`, in order. "3.5", "40%" and "B52" give none; "3-5" gives both ends."""
    for match in _NUMBER.finditer(re.sub(r"(?<=\d)\s*[-\u2013]\s*(?=\d)", " ", text)):
        if match["digits"]:
            yield int(match["digits"].replace(",", ""))
        else:
            value = _from_words(match["words"])
            if value is not None:
                yield value


def _from_words(text: str) -> Optional[int]:
    """The value of words such as "one hundred and five"; None where they are no single number."""
    total, unit = 0, 0
    for word in re.findall(r"[a-z]+", text.lower()):
        if word in ("a", "and"):
            continue
        if word == "hundred":
            total, unit = total + 100 * max(unit, 1), 0
        elif unit == 0 or (unit % 10 == 0 and unit >= 20 and _WORDS[word] < 10):
            unit += _WORDS[word]
        else:
            return None
    return total + unit
