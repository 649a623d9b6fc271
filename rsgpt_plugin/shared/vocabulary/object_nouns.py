"""Nouns that people use for the objects of a finder, and for the things of a classifier."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..errors import QuestionError
from ..i18n import translate

# label -> other nouns for the same objects, in the singular
_SYNONYMS: dict[str, tuple[str, ...]] = {
    "airplane": ("plane", "aeroplane", "aircraft", "jet", "airliner", "jetliner"),
    "building": ("house", "home", "villa", "hut", "roof", "rooftop", "dwelling"),
    "car": ("vehicle", "automobile", "motor vehicle", "auto"),
    "ship": ("boat", "vessel", "watercraft"),
    "tree": ("tree crown", "crown"),
}
# thing of a classifier -> nouns that mean just that, in the singular; not each building is a house
_THINGS: dict[str, tuple[str, ...]] = {
    "airplane": ("airplane", "plane", "aeroplane", "aircraft"),
    "bare soil": ("bare ground", "bare soil", "bare earth", "bare land"),
    "building": ("building",),
    "car": ("car", "vehicle", "automobile", "motor vehicle"),
    "chaparral": ("chaparral",),
    "court": ("tennis court",),
    "dock": ("dock",),
    "field": (
        "farmland",
        "farm land",
        "cropland",
        "agricultural land",
        "agricultural field",
        "farm field",
        "crop field",
    ),
    "grass": ("grass",),
    "mobile home": ("mobile home",),
    "road": ("road",),
    "sand": ("sand",),
    "sea": ("sea", "ocean"),
    "ship": ("ship", "boat", "vessel", "watercraft"),
    "tank": ("storage tank",),
    "tree": ("tree",),
    "vegetation": ("vegetation",),
    "water": ("water", "open water"),
}
_ARTICLES = ("a", "an", "the", "any", "all", "all the")


def label_of(noun: str, labels: Sequence[str]) -> str | None:
    """Return the label that a noun means, in the singular or plural, or None if it means none of them."""
    words = " ".join(noun.lower().split())
    for article in sorted(_ARTICLES, key=len, reverse=True):
        words = words.removeprefix(f"{article} ")
    return meant_by(words, {label: (label.lower(), *_SYNONYMS.get(label.lower(), ())) for label in labels})


def thing_of(noun: str, things: Sequence[str]) -> str | None:
    """Return the thing that a noun without an article means, in the singular or plural, or None."""
    return meant_by(noun, {thing: _THINGS.get(thing, ()) for thing in things})


def split_things(text: str, things: Sequence[str]) -> tuple[list[str], str]:
    """Return the things that a lower-case text names, and the text without their nouns."""
    nouns = {form: thing for thing in things for noun in _THINGS.get(thing, ()) for form in (noun, plural(noun))}
    named: dict[str, None] = {}
    for noun in sorted(nouns, key=len, reverse=True):  # "mobile home" before "home"
        text, count = re.subn(rf"\b{re.escape(noun)}\b", " ", text)
        if count:
            named[nouns[noun]] = None
    return list(named), " ".join(text.split())


def meant_by(noun: str, nouns: Mapping[str, Sequence[str]]) -> str | None:
    """Return the first key with this noun, in the singular or plural; None if there is none.

    nouns: in the singular, by key.
    """
    return next((key for key, known in nouns.items() if any(noun in (word, plural(word)) for word in known)), None)


def labels_of(nouns: Sequence[str], labels: Sequence[str]) -> list[str]:
    """Return the label of each noun. Raises QuestionError, which lists the labels, for an unknown one."""
    found = []
    for noun in nouns:
        label = label_of(noun, labels)
        if label is None:
            message = translate("Rsgpt", "The model cannot find “{noun}”. It finds: {known}. Choose one of them.")
            raise QuestionError(message.format(noun=noun, known=", ".join(labels)))
        found.append(label)
    return found


def plural(noun: str) -> str:
    """Return the plural of one of the nouns; its last word changes."""
    if noun.endswith("craft"):
        return noun
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun.removesuffix('y')}ies"
    return f"{noun}s"
