"""Noun phrases of English questions: the noun, its adjectives, and what qualifies it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rsgpt_plugin.shared.answers.numbers import find_numbers

_DETERMINERS = re.compile(
    r"(?:(?:exactly|about|approximately|roughly|all|both|only|most|almost all)\s+)*"
    r"(?:(?:of\s+)?(?:the|an?|any|some|every|each|these|those|this|that|its|their|our|my|your|all|most|one)\s+)*"
    r"(?:(?:only|single|sole|one|other|same)\s+)*"
)
_PART_OF = re.compile(
    r"(?:(?:the|an?)\s+)?(?:most|majority|bulk|largest part|main part|biggest part|greater part|rest|whole)\s+of\s+"
)
# Things that a place is asked of as a whole; their parts are what is seen.
_GROUP_OF = re.compile(
    r"(?P<before>(?:[\w-]+\s+){0,3}?)(?:group|row|cluster|line|block|pair|patch|strip|stretch|body|piece|band|stand|"
    r"clump|collection|bunch|pile|heap|grove|area|expanse|fleet|set)s?\s+of\s+(?:(?:the|an?|some|\w+teen|two|three|"
    r"four|five|six|seven|eight|nine|ten)\s+)*"
)
_QUALIFIERS = frozenset(
    "in on at near next beside besides along inside outside around behind below above beneath between with without "
    "that which who whose where under over across by to from of for against among beyond off within through alongside "
    "toward towards opposite close adjacent surrounding surrounded covered containing having left right north south "
    "east west bordering facing connected connecting touching crossing belonging made built".split()
)
_STATES = frozenset("parked docked moored anchored standing lying moving driving flying taxiing floating".split())
_COLORS = (
    "red green blue white black grey gray brown yellow orange pink purple beige tan golden silver reddish cream "
    "turquoise teal ochre olive violet colored coloured colorful colourful"
)
_SIZES = (
    "big small large little tiny huge long short wide narrow thin thick broad tall low high great giant massive deep "
    "shallow medium biggest smallest largest longest widest tallest main major minor larger smaller bigger longer "
    "wider nearest closest first second third last"
)
_SHAPES = (
    "round circular square rectangular triangular oval straight curved winding angular irregular elongated pointed "
    "rounded diagonal horizontal vertical parallel flat steep sloping hexagonal conical cylindrical"
)
_LOOKS = (
    "dark light bright pale dull deep shiny dense sparse bare empty open dry wet muddy sandy grassy leafy wooded green "
    "shady blurred old new modern abandoned damaged destroyed collapsed unfinished flooded burnt burned fenced paved "
    "unpaved planted cultivated plowed ploughed irrigated residential industrial commercial rural urban private public "
    "parked moving driving flying taxiing docked moored anchored standing lying isolated lone detached terraced "
    "covered busy clear dirty clean shallow pretty beautiful upper lower left right top bottom central middle western "
    "eastern northern southern"
)
_ADJECTIVES = frozenset(f"{_COLORS} {_SIZES} {_SHAPES} {_LOOKS}".split())
_ADJECTIVE = re.compile(r"[\w-]+(?:-(?:roofed|colou?red|shaped|like|sized|walled|hulled|story|storey)|ish)")
_NOT_ADJECTIVES = frozenset(("parish", "fish", "rubbish"))
_IDLE = frozenset("different distinct individual separate visible total overall such various actual".split())
_COMPOUNDS = ("bare ground", "bare soil", "bare land", "bare earth", "open water", "parking lot", "green space")


@dataclass(frozen=True)
class NounPhrase:
    """A noun phrase in lower case.

    noun: one or more words without adjectives, as written, "" if the phrase has none; qualifier: the words after the
    noun that restrict it, such as "next to the lake", "" if there are none.
    """

    noun: str
    adjectives: tuple[str, ...] = ()
    qualifier: str = ""


def noun_phrase(text: str, is_group: bool = False) -> NounPhrase:
    """Return the parts of a noun phrase, which may be followed by a qualifier.

    is_group: take "the row of houses" for the houses.
    """
    words, adjectives = " ".join(text.replace(",", " ").split()), list[str]()
    part = _PART_OF.match(words)
    words = words[part.end() :] if part else words
    group = _GROUP_OF.match(words) if is_group else None
    if group:
        adjectives = [word for word in group["before"].split() if _is_adjective(word)]
        words = words[group.end() :]
    kept = _without_number(words[_matched(words) :]).split()
    end = next((index for index, word in enumerate(kept) if _ends_noun(kept, index)), len(kept))
    own, noun = _split_adjectives([word for word in kept[:end] if word not in _IDLE])
    return NounPhrase(noun, (*adjectives, *own), " ".join(kept[end:]))


def _matched(words: str) -> int:
    match = _DETERMINERS.match(words)
    return match.end() if match else 0


def _without_number(words: str) -> str:
    """Return the words without a number at their start, as in "two airplanes"."""
    number = next(iter(find_numbers(words)), None)
    return words[number.end :].strip() if number and number.start == 0 else words


def _ends_noun(words: list[str], index: int) -> bool:
    """Return whether a word starts a qualifier; "left" and "parked" do so after a noun only."""
    word = words[index]
    if word not in _QUALIFIERS | _STATES:
        return False
    return word not in _ADJECTIVES or not all(map(_is_adjective, words[:index]))


def _split_adjectives(words: list[str]) -> tuple[tuple[str, ...], str]:
    """Return the adjectives at the start, with "and" between them, and the noun, which is at least the last word."""
    if len(words) > 1 and " ".join(words[-2:]) in _COMPOUNDS:
        words = [*words[:-2], " ".join(words[-2:])]
    count = 0
    while count < len(words) - 1 and (_is_adjective(words[count]) or _joins_adjectives(words, count)):
        count += 1
    return tuple(word for word in words[:count] if word != "and"), " ".join(words[count:])


def _joins_adjectives(words: list[str], index: int) -> bool:
    return words[index] == "and" and 0 < index < len(words) - 2 and _is_adjective(words[index + 1])


def _is_adjective(word: str) -> bool:
    is_formed = _ADJECTIVE.fullmatch(word) is not None and word not in _NOT_ADJECTIVES
    return word in _ADJECTIVES or is_formed
