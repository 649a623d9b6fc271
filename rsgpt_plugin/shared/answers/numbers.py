"""Whole numbers in English text, in digits or in words up to billions. Fractions have no value."""

from __future__ import annotations

import re
from typing import NamedTuple, Optional

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_WORDS = {word: value for value, word in enumerate(_SMALL)}
_WORDS.update({word: 10 * value for value, word in enumerate(_TENS, start=2)})
_SCALES = {"thousand": 1000, "million": 10**6, "billion": 10**9}
_FACTORS = {"hundred": 100, "dozen": 12}

_LARGE = "|".join([*_FACTORS, *_SCALES])
_WORD = "|".join([*_WORDS, *_FACTORS, *_SCALES])
_MORE = rf"(?:(?:(?<=hundred)|(?<=thousand)|(?<=million))\s+and\s+|[\s-]+)(?:{_WORD})\b"
_NUMBER = re.compile(
    rf"(?P<digits>(?<![\w.,/:%-])-?\d[^\s()\[\]\"*]*)(?P<scale>(?:\s+(?:{_LARGE})\b)*)"
    rf"|\b(?P<words>(?:(?:half\s+)?an?\s+(?=(?:{_LARGE})\b))?(?:{_WORD})\b(?:{_MORE})*)",
    re.IGNORECASE,
)
_WHOLE = re.compile(r"-?(?:\d+|\d{1,3}(?:,\d{3})+)")
_AFTER = ".,;:!?'\u2019\u201d"
_MAX_DIGITS = 20


class NumberMatch(NamedTuple):
    """A number in a text, from `start` to `end`. value: None if it is not a whole number, as in 3.5, 40%, 3-5, 3rd."""

    value: Optional[int]
    start: int
    end: int


def find_numbers(text: str) -> list[NumberMatch]:
    """Return the numbers in a text in order. Numbers inside words, such as "B52", are skipped."""
    return [_number(match) for match in _NUMBER.finditer(text)]


def number_in_words(number: int) -> str:
    """Return a number in words. number: 0 to 100, or a multiple of 100 up to 1000."""
    if number < len(_SMALL):
        return _SMALL[number]
    if number < 100:
        unit = number % 10
        return _TENS[number // 10 - 2] + (f"-{_SMALL[unit]}" if unit else "")
    return "one thousand" if number == 1000 else f"{_SMALL[number // 100]} hundred"


def _number(match: re.Match[str]) -> NumberMatch:
    if match["words"]:
        return NumberMatch(_from_words(match["words"].lower(), None), match.start(), match.end())
    digits = match["digits"].rstrip(_AFTER)
    scale = match["scale"] if digits == match["digits"] else ""
    end = match.end() if scale else match.start() + len(digits)
    if not _WHOLE.fullmatch(digits) or len(digits) > _MAX_DIGITS:
        return NumberMatch(None, match.start(), end)
    return NumberMatch(_from_words(scale.lower(), int(digits.replace(",", ""))), match.start(), end)


def _from_words(text: str, first: Optional[int]) -> Optional[int]:
    """Return the value of words such as "one hundred and five"; None if they are not a single number.

    first: value of the digits before the words, as in "3 million".
    """
    total, part, smallest_scale = 0, first, 10**12
    for word in re.findall(r"[a-z]+", text):
        if word in _SCALES:
            if _SCALES[word] >= smallest_scale:
                return None
            smallest_scale = _SCALES[word]
            total, part = total + (1 if part is None else part) * smallest_scale, None
        elif word in _FACTORS:
            part = (1 if part is None else part) * _FACTORS[word]
        elif word in _WORDS:
            part = _joined(part, _WORDS[word])
            if part is None:
                return None
    value = total + (part or 0)
    return value // 2 if text.startswith("half") else value


def _joined(part: Optional[int], value: int) -> Optional[int]:
    """Return the sum for pairs such as twenty and one; None for pairs such as two and three."""
    if part is None:
        return value
    is_after_hundred = part >= 100 and part % 100 == 0 and value < 100
    is_after_ten = 20 <= part % 100 < 100 and part % 10 == 0 and 0 < value < 10
    return part + value if is_after_hundred or is_after_ten else None
