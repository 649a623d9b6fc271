"""What captions say is next to what. It reads sentences only."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from ...data.objects import OBJECTS, distinct

_NEXT_TO = r"(?:next to|near|beside|close to|adjacent to|on (?:both|two|one|either|each) sides? of|along|around)"
_PLACES = ("square", "beach", "desert", "stadium", "center", "resort", "airport", "station", "crossroads", "bareland")
_NOT_NOUNS = frozenset(
    "wood rail train residential industrial parked tennis baseball basketball golf football soccer snow-covered"
    " wave".split()
)
_NOUNS = sorted({*_PLACES, *(form for forms in OBJECTS.values() for form in forms)} - _NOT_NOUNS, key=len, reverse=True)
_NOUN = rf"(?:{'|'.join(map(re.escape, _NOUNS))})s?"
_THING = rf"(?:(?:(?:an?|the|some|many|several|lots of|two|three|four)\s+)?(?:\w+\s+){{0,2}}?({_NOUN})\b)"
_BESIDE = re.compile(rf"\b({_NOUN})\b(?:\s+(?:is|are|\w+ed))*\s+{_NEXT_TO}\s+{_THING}(?:\s+and\s+{_THING})?", re.I)
_SURROUNDED = re.compile(rf"\b({_NOUN})\b(?:\s+\w+)?\s+surrounded by\s+{_THING}(?:\s+and\s+{_THING})?", re.I)


def neighbours(sentences: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """For each noun, what the sentences say is next to it, in their own words, what is said most often first.

    A noun that the sentences give more than one neighbourhood keeps them all: each is true.
    """
    said: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for sentence in distinct(sentences):
        for noun, near in _pairs(sentence.lower()):
            said[noun][near] += 1
    return {noun: tuple(sorted(nears, key=lambda one: -nears[one])) for noun, nears in said.items()}


def _pairs(sentence: str) -> Iterator[tuple[str, str]]:
    for noun, *near in _SURROUNDED.findall(sentence):
        yield from _said(noun, near)
    for noun, *near in _BESIDE.findall(sentence):
        yield from _said(noun, near)
        if not near[1]:
            yield from _said(near[0], [noun])


def _said(noun: str, near: Sequence[str]) -> Iterator[tuple[str, str]]:
    others = [one for one in dict.fromkeys(near) if one and one != noun]
    if others:
        yield noun, " and ".join(others)
