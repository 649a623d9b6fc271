"""The count stated in an English reply. The caller checks for doubt first."""

from __future__ import annotations

import re
import unicodedata
from typing import Optional

from .numbers import NumberMatch, find_numbers
from .reply_wording import has_negation, head, is_about, is_idle_no

_MAX_COUNT = 2**31 - 1  # fits an integer column of every format
_LAST_LATIN = "\u024f"

# Words that may precede a count. After anything else, a number belongs to a name, a bound, a place or a date.
_BEFORE = re.compile(
    r"(?:\A|[.!:;=(~\u2248,\n]|\b(?:is|are|was|were|be|see|count|counted|found|find|has|have|contains?|shows?|includes?|"
    r"(?:there|it|that)'s|only|just|exactly|about|approximately|approx\.?|around|roughly|total\s+of))\s*\Z",
    re.IGNORECASE,
)
_BEFORE_NONE = re.compile(r"(?:\A|[.!:;=\n]|\b(?:is|are|was|were|has|have|contains?|shows?))\s*\Z", re.IGNORECASE)
_NEVER_AFTER = frozenset(
    "or to and plus through by x percent per times out of more half k mn bn mio mrd lakh crore pair pairs am pm "
    "can could may might must should would will another side".split()
)
_UNITS = frozenset(
    "m m\u00b2 m2 km km\u00b2 km2 cm mm ft feet foot inch inches mile miles meter meters metre metres kilometer "
    "kilometers kilometre kilometres hectare hectares ha acre acres sq square degree degrees pixel pixels px second "
    "seconds minute minutes hour hours day days week weeks month months year years dollar dollars euro euros kg ton "
    "tons".split()
)
_VAGUE = re.compile(
    r"\b(?:several|few|fewer|many|more|less|some|numerous|various|multiple|others?|another|couple|lots|a\s+lot|tens|"
    r"dozens|hundreds|thousands|millions|billions|each|every|both|twice|thirds?|quarters?|at\s+(?:least|most)|or\s+so|"
    r"minimum|maximum|between|almost|nearly|per|(?:and|or|plus)\s+(?:an?|the|one))\b",
    re.IGNORECASE,
)
_NONE = re.compile(r"\bnone\b(?=\W*\Z|\s*[.,;!]|\s+(?:of\s+\w+\s+)?(?:is|are|was|were)\b)", re.IGNORECASE)
_NO = re.compile(r"\b(?:no|(?:is|are|was|were)(?:\s+not|n't)\s+any)\s+(?=[^\W\d_])", re.IGNORECASE)
_LIST = re.compile(r"1[.)](?:\s+\w|\n)")
_SHARE = re.compile(r"\b(\d+)\s+of\s+\1\b")
_WORD = re.compile(r"\s*([^\W\d_][\w'-]*)")
_VERB = re.compile(r"\s*(?:is|are|was|were)\b", re.IGNORECASE)
_VISIBLE = re.compile(r"\s*\w+(?:\s+clearly)?\s+(?:visible|present|shown|seen|there|in)\b", re.IGNORECASE)
_JOINED = re.compile(r"\s*((?:[\w'-]+\s+){1,3}?)(and|or|plus|of)\b", re.IGNORECASE)
_BARE_WORDS = 3


def one_count(sentences: list[str], question: str) -> Optional[int]:
    """Return the count in a reply; None unless there is exactly one exact count (no bound, range or measure)."""
    reply = "\n".join(sentences)
    if _LIST.match(reply):
        return None
    text = sentences[0] if sentences and is_bare(sentences[0]) else reply
    text = _SHARE.sub(r"\1", text)
    if _VAGUE.search(text):
        return None
    zeros = [*_NONE.finditer(text), *_NO.finditer(text)]
    if has_negation(_without(text, zeros)) or not all(_is_zero(text, zero, question) for zero in zeros):
        return None
    counts = {(0, "") for _ in zeros}
    for number in find_numbers(text):
        if _is_measure(text, number, question):
            continue
        noun = _noun(text, number, question)
        if noun is None or number.value is None or abs(number.value) > _MAX_COUNT:
            return None
        counts.add((number.value, noun))
    nouns = {noun for _, noun in counts if noun}
    return counts.pop()[0] if counts and len({value for value, _ in counts}) == 1 and len(nouns) <= 1 else None


def is_bare(sentence: str) -> bool:
    """Return whether a sentence is a number, or "none", and at most a few more words."""
    numbers = find_numbers(sentence)
    if len(numbers) == 1 and not sentence[: numbers[0].start].strip():
        return len(sentence[numbers[0].end :].split()) <= _BARE_WORDS
    return not numbers and _NONE.match(sentence) is not None


def _is_zero(text: str, zero: re.Match[str], question: str) -> bool:
    """Return whether "none", "no" or "are not any" denies the thing that the question asks for."""
    before, rest = text[: zero.start()], text[zero.end() :]
    if zero[0].lower() == "none":
        return _BEFORE_NONE.search(before) is not None
    is_plain = not zero[0].lower().startswith("no") or _BEFORE_NONE.search(before) is not None
    return is_plain and not is_idle_no(rest) and is_about(head(rest), question)


def _without(text: str, zeros: list[re.Match[str]]) -> str:
    for zero in sorted(zeros, key=lambda match: -match.start()):
        text = text[: zero.start()] + text[zero.end() :]
    return text


def _is_measure(text: str, number: NumberMatch, question: str) -> bool:
    """Return whether a unit follows that the question does not mention."""
    word = _WORD.match(text, number.end)
    unit = word[1].lower() if word else ""
    return unit in _UNITS and not re.search(rf"\b{unit}\b", question, re.IGNORECASE)


def _noun(text: str, number: NumberMatch, question: str) -> Optional[str]:
    """Return the word after a plain count, "" if none follows; None if the number is not a plain count."""
    before, rest = text[: number.start], text[number.end :]
    if not _BEFORE.search(before):
        return None
    word = _WORD.match(rest)
    if word is None:
        return "" if _ends_count(rest.strip()) else None
    noun = word[1].lower()
    if _VERB.match(rest) and not _VISIBLE.match(rest):
        return None
    joined = _JOINED.match(rest)
    is_joined = joined is not None and not (joined[2].lower() == "of" and is_about(joined[1], question))
    return None if noun in _NEVER_AFTER or noun[0] > _LAST_LATIN or not noun[0].isalpha() or is_joined else noun


def _ends_count(rest: str) -> bool:
    """Return whether a count may end before `rest`: at punctuation, a symbol or a dash."""
    if not rest or rest[0] in ".,;:!()]\"'":
        return True
    if rest[0] in "-\u2013\u2014":
        return rest[1:2] == " " and not rest[1:].strip()[:1].isdigit()
    return unicodedata.category(rest[0]) == "So" and rest[0] != "\u00b0"
