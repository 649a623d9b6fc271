"""A detailed description out of what several people wrote about one picture. It adds no word of its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_MOST = 4  # sentences
_NEW_WORDS = 2  # that a sentence must add, so that none says again what was said
_EMPTY = frozenset(
    "a an the is are was were be there here this that these those it its and or of in on at by with to from for some"
    " many several lots lot much very so which while as into next near beside around surrounded piece area place kind"
    " one ones two between along go goes through can see seen show shows picture image".split()
)
_SAME = {"cropland": "farmland", "lush": "green", "planes": "airplane", "plane": "airplane"}


def detailed(sentences: Sequence[str]) -> str:
    """The sentence nearest to all others, then each that adds most; empty where there is nothing to add."""
    distinct = list(dict.fromkeys(sentences))
    words = {one: _words(one) for one in distinct}
    common = Counter(word for one in sentences for word in words[one])
    chosen: list[str] = []
    known: set[str] = set()
    while len(chosen) < min(_MOST, len(distinct)):
        rest = [one for one in distinct if one not in chosen]
        best = max(rest, key=lambda one: sum(common[word] for word in words[one] - known))
        if chosen and len(words[best] - known) < _NEW_WORDS:
            break
        chosen.append(best)
        known |= words[best]
    return " ".join(chosen) if len(chosen) > 1 else ""


def _words(sentence: str) -> set[str]:
    """What a sentence says: its words without articles and the like, in the singular."""
    found = set(re.findall(r"[a-z]+", sentence.lower())) - _EMPTY
    return {_SAME.get(word, word if word.endswith("ss") else word.removesuffix("s")) for word in found}
