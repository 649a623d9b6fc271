"""Objects that captions describe as next to each other."""

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


def neighbors(sentences: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return for each noun the objects next to it, in the words of the sentences, the most frequent ones first."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for sentence in distinct(sentences):
        for noun, near in _pairs(sentence.lower()):
            counts[noun][near] += 1
    return {noun: tuple(sorted(nears, key=lambda near: -nears[near])) for noun, nears in counts.items()}


def _pairs(sentence: str) -> Iterator[tuple[str, str]]:
    for noun, *near in _SURROUNDED.findall(sentence):
        yield from _neighborhood(noun, near)
    for noun, *near in _BESIDE.findall(sentence):
        yield from _neighborhood(noun, near)
        if not near[1]:
            yield from _neighborhood(near[0], [noun])


def _neighborhood(noun: str, near: Sequence[str]) -> Iterator[tuple[str, str]]:
    others = [other for other in dict.fromkeys(near) if other and other != noun]
    if others:
        yield noun, " and ".join(others)
