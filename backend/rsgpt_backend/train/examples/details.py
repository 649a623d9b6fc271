"""A detailed description of a picture, assembled from the sentences of several people without adding words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_MAX_SENTENCES = 4
_NEW_WORDS = 2  # minimum number of words that a sentence must add
_EMPTY = frozenset(
    "a an the is are was were be there here this that these those it its and or of in on at by with to from for some"
    " many several lots lot much very so which while as into next near beside around surrounded piece area place kind"
    " one ones two between along go goes through can see seen show shows picture image".split()
)
_SAME = {"cropland": "farmland", "lush": "green", "planes": "airplane", "plane": "airplane"}


def detailed_description(sentences: Sequence[str]) -> str:
    """Return the most typical sentence, followed by those that add most; empty if none adds enough."""
    distinct = list(dict.fromkeys(sentences))
    words = {sentence: _words(sentence) for sentence in distinct}
    common = Counter(word for sentence in sentences for word in words[sentence])
    chosen: list[str] = []
    covered: set[str] = set()
    while len(chosen) < min(_MAX_SENTENCES, len(distinct)):
        rest = [sentence for sentence in distinct if sentence not in chosen]
        best = max(rest, key=lambda sentence: sum(common[word] for word in words[sentence] - covered))
        if chosen and len(words[best] - covered) < _NEW_WORDS:
            break
        chosen.append(best)
        covered |= words[best]
    return " ".join(chosen) if len(chosen) > 1 else ""


def _words(sentence: str) -> set[str]:
    """Return the content words of a sentence, in the singular."""
    words = set(re.findall(r"[a-z]+", sentence.lower())) - _EMPTY
    return {_SAME.get(word, word if word.endswith("ss") else word.removesuffix("s")) for word in words}
