"""Whole numbers in English text, in digits or words up to 999, read as the plugin reads them. No fractions."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_WORDS = {word: value for value, word in enumerate(_SMALL)} | {word: 10 * n for n, word in enumerate(_TENS, 2)}

_WORD = "|".join([*_WORDS, "hundred"])
_NUMBER = re.compile(
    r"(?<![\w.,-])(?P<digits>-?\d+(?:,\d{3})*)(?![\w%]|[.,]\d)"
    rf"|\b(?P<words>(?:a\s+hundred|{_WORD})(?:(?:\s+and\s+|[\s-]+)(?:{_WORD}))*)\b",
    re.IGNORECASE,
)
_RANGE = re.compile(r"(?<=\d)\s*[-\u2013]\s*(?=\d)")


def whole_numbers(text: str) -> Iterator[int]:
    """The whole numbers of a text in order; "3.5", "40%" and "B52" give none, "3-5" gives both ends."""
    for match in _NUMBER.finditer(_RANGE.sub(" ", text)):
        value = int(match["digits"].replace(",", "")) if match["digits"] else _from_words(match["words"])
        if value is not None:
            yield value


def _from_words(text: str) -> int | None:
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
