"""Values in what a model wrote, one reader per answer type. Only plain forms have a value. Knows no confidence.

A plain yes or no is the word itself at the beginning, or "there is (no)" with what the question asks for; a plain count
is one number where counts stand; a plain choice is one of the choices that nothing denies.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, Optional, Union

from ..text import clean
from .counts import is_bare, one_count
from .reply_wording import (
    has_doubt,
    has_hedge,
    has_negation,
    head,
    is_about,
    is_idle_no,
    plain_sentences,
    sees_nothing,
)

Value = Union[str, bool, int, float]

_YES = re.compile(r"\W*(?:(?:yes|yeah|yep|yup)\b(?!-\w)|(?:true|correct)\b(?=\W*\Z|\s*[,.;:!]))", re.IGNORECASE)
_NO = re.compile(
    r"\W*(?:(?:no|nope|nah|false)\b(?=\W*\Z|\s*[,.;:!]|\s+[-\u2013\u2014])"
    r"|none\b(?=\W*\Z|\s*[,.;!]|\s+(?:of\s+\w+\s+)?(?:is|are|was|were)\b)"
    r"|no\b(?=\s+there\s+(?:is|are)(?:\s+no|\s+not|n't)\b))",
    re.IGNORECASE,
)
_BOTH = re.compile(r"\W*(?:yes\W*(?:and|or)?\W*no|no\W*(?:and|or)?\W*yes)\b(?=\W*\Z|\s*[,.;:!?])", re.IGNORECASE)
_NO_NOUN = re.compile(
    r"\W*no\s+(?P<noun>[^.,;]{1,60}?)(?:\s+(?:is|are|was|were|can\s+be)\b[^.,;]*)?\W*\Z", re.IGNORECASE
)
_THERE = (
    r"\W*(?:(?:in|on|at|within|from|based\s+on|looking\s+at)\b[^,.]{0,60},\s*)?"
    r"there(?:'s|\s+(?:is|are|appears?\s+to\s+be|seems?\s+to\s+be))"
)
_THERE_IS = re.compile(rf"{_THERE}\b(?P<noun>.*)", re.IGNORECASE | re.DOTALL)
_THERE_IS_NO = re.compile(rf"{_THERE}(?:\s+no|(?:\s+not|n't)\s+(?:any|an?))\b(?P<noun>.*)", re.IGNORECASE | re.DOTALL)
_ELLIPSIS = re.compile(
    r"\W*(?:it|this|that|they|there|these|those)\s+(?:is|are|was|were|does|do|did|has|have)(?P<not>n't|\s+not)?\W*\Z",
    re.IGNORECASE,
)
_SCARCE = re.compile(r"\A\s*(?:very\s+)?(?:little|few|only)\b", re.IGNORECASE)
_TURN = re.compile(r"\b(?:but|however|although|though|except|besides)\b", re.IGNORECASE)

_CLAUSE = re.compile(r"[,.;:!?\n]+|\b(?:but|however|while|whereas|although|though)\b", re.IGNORECASE)
_DENIES_CLAUSE = re.compile(
    r"\b(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would)(?:\s+not\b|n't)|\b(?:cannot|never|absent|"
    r"used\s+to|formerly|previously|once|lacks?|lacking|nicht|kein\w*|pas|ne|non|n'est|n\u00e3o|niet|geen)\b|[\u4e0d\u6ca1\u65e0\u7121\u975e]",
    re.IGNORECASE,
)
_DENIES_REST = re.compile(
    r"\b(?:not|no|without|neither|nor|except|rather\s+than|instead\s+of|other\s+than|unlike)\b", re.IGNORECASE
)
_NOT_ONLY = re.compile(r"\bnot\s+(?:only|just|merely|entirely|all)\b", re.IGNORECASE)


class Reading(NamedTuple):
    """What was read. value: None where the text has none of the type. is_doubt: whether the model said why not."""

    value: Optional[Value]
    is_doubt: bool = False


_MISFIT, _DOUBT = Reading(None), Reading(None, True)


def read_text(text: str, question: str, choices: Sequence[str]) -> Reading:
    """The text as it is, without margins and control characters."""
    return Reading(clean(text).strip())


def read_yes_or_no(text: str, question: str, choices: Sequence[str]) -> Reading:
    """Yes or no."""
    sentences = plain_sentences(text)
    first, whole = sentences[0] if sentences else "", "\n".join(sentences)
    if has_doubt(text) or has_doubt(whole) or has_hedge(first) or _BOTH.match(whole):
        return _DOUBT
    for pattern, value in ((_YES, True), (_NO, False)):
        lead = pattern.match(first)
        if lead:
            rest = first[lead.end() :].lstrip(" ,;:!\u2013\u2014-")
            return _MISFIT if _stated(rest, rest, question) is (not value) else Reading(value)
    if sees_nothing(whole) or has_hedge(whole):
        return _DOUBT
    return Reading(_stated(first, whole, question))


def _stated(first: str, whole: str, question: str) -> Optional[bool]:
    """Yes or no from a sentence without these words; None where it is not plainly about what was asked."""
    ellipsis = _ELLIPSIS.match(first)
    if ellipsis:
        return ellipsis["not"] is None
    denied = _THERE_IS_NO.match(first) or _NO_NOUN.match(first)
    if denied:
        noun = denied["noun"]
        is_plain = not (is_idle_no(noun) or has_negation(noun) or _TURN.search(noun))
        return False if is_plain and is_about(head(noun), question) else None
    found = _THERE_IS.match(first)
    if found and not has_negation(whole) and not _TURN.search(whole) and not _SCARCE.match(found["noun"]):
        named = head(found["noun"])
        return True if not named or is_about(named, question) else None
    return None


def read_whole_number(text: str, question: str, choices: Sequence[str]) -> Reading:
    """One whole number."""
    sentences = plain_sentences(text)
    whole = "\n".join(sentences)
    decisive = sentences[0] if sentences and is_bare(sentences[0]) else whole
    if has_doubt(text) or has_doubt(whole) or has_hedge(decisive) or sees_nothing(decisive):
        return _DOUBT
    return Reading(one_count(sentences, question))


def read_choice(text: str, question: str, choices: Sequence[str]) -> Reading:
    """One of the choices. A reply that is one to the letter is that one, also where another differs in signs alone."""
    if text.strip() in choices:
        return Reading(text.strip())
    whole = "\n".join(plain_sentences(text))
    spelled = {_folded(choice): choice for choice in choices}
    exact = spelled.get(_folded(text)) or spelled.get(_folded(whole))
    if exact is not None and not whole.endswith("?"):
        return Reading(exact)
    hits = _hits(whole, choices)
    rest = _hidden(whole, hits)
    if has_doubt(rest) or has_hedge(rest) or sees_nothing(rest):
        return _DOUBT
    named = {choice for _, choice in hits}
    lead = spelled.get(_folded(_CLAUSE.split(whole, maxsplit=1)[0]))
    if lead is not None and named == {lead}:
        return Reading(lead)
    if _NOT_ONLY.search(rest):
        return _MISFIT
    meant = {choice for place, choice in hits if not _is_denied(rest, place)}
    return Reading(meant.pop() if len(meant) == 1 else None)


def _folded(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def _hits(text: str, choices: Sequence[str]) -> list[tuple[int, str]]:
    """Where choices stand in a text, and which; a part of a longer one does not count."""
    hits: list[tuple[int, str]] = []
    taken = [False] * len(text)
    for choice in sorted(choices, key=len, reverse=True):
        words = r"[\W_]+".join(map(re.escape, re.findall(r"[^\W_]+", choice)))
        for match in re.finditer(rf"\b{words}\b", text, re.IGNORECASE) if words else ():
            if not any(taken[match.start() : match.end()]):
                taken[match.start() : match.end()] = [True] * len(match[0])
                hits.append((match.start(), choice))
    return hits


def _hidden(text: str, hits: Sequence[tuple[int, str]]) -> str:
    """The text with `#` in place of the choices, whose words may be those of denial or doubt."""
    for place, choice in hits:
        words = re.match(r"[\W_]+".join(map(re.escape, re.findall(r"[^\W_]+", choice))), text[place:], re.IGNORECASE)
        length = words.end() if words else 0
        text = text[:place] + "#" * length + text[place + length :]
    return text


def _is_denied(text: str, place: int) -> bool:
    """Whether what stands at `place` is denied: by its clause's verb, or by a word before it in its clause."""
    begin = max((match.end() for match in _CLAUSE.finditer(text, 0, place)), default=0)
    end = _CLAUSE.search(text, place)
    clause = text[begin : end.start() if end else len(text)]
    return bool(_DENIES_CLAUSE.search(clause) or _DENIES_REST.search(text, begin, place))
