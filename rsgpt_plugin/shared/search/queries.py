"""What the words of a query mean: sentences for the matching head, and things and kinds of areas for the classifier."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..vocabulary.kinds import groups_of_name
from ..vocabulary.object_nouns import split_things

# The matching head learned from sentences. A phrase is compared by the mean vector of these, in the style of captions.
_SENTENCES = (
    "There is a {} .",
    "This is a {} .",
    "There are some {} .",
    "many {}",
    "a {}",
    "It is a piece of {}",
    "A {} with some plants surrounded .",
    "Some buildings are near a {} .",
)
_LONGEST_PHRASE = 6  # words
_VERB = re.compile(r"\b(?:is|are|there|it)\b", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:an?|the|any|some|many|several)\s+", re.IGNORECASE)


@dataclass(frozen=True)
class Query:
    """sentences: their mean vector stands for the words. things, kinds: which the classifier knows and they name."""

    sentences: tuple[str, ...]
    things: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


def read_query(text: str, things: Sequence[str] = (), kinds: Sequence[str] = ()) -> Query:
    """Return what a query means. things, kinds: of the classifier."""
    words = " ".join(text.split())
    named, rest = split_things(re.sub(r"[^\w'-]+", " ", words.lower()).strip(), things)
    groups = groups_of_name(rest).intersection(kinds)
    return Query(_sentences(words), tuple(named), tuple(sorted(groups)))


def _sentences(words: str) -> tuple[str, ...]:
    phrase = _ARTICLE.sub("", words.rstrip(" .!?").lower())
    if not phrase or len(words.split()) > _LONGEST_PHRASE or _VERB.search(words):
        return (words,)
    return tuple(sentence.format(phrase) for sentence in _SENTENCES)
