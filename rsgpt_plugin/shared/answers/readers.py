"""Readers of values in model replies, one per answer type. Only plain replies have a value.

A plain yes or no starts with that word, or says "there is (no)" with the noun of the question. A plain count is one
number in the position of a count. A plain choice names exactly one of the choices and does not deny it.
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
    """The result of a reader. value: None if the text has no value of the type. is_doubt: whether the model doubted."""

    value: Optional[Value]
    is_doubt: bool = False


_MISFIT, _DOUBT = Reading(None), Reading(None, True)


def read_text(text: str, question: str, choices: Sequence[str]) -> Reading:
    """Return the text without control characters and surrounding white space."""
    return Reading(clean(text).strip())


def read_yes_or_no(text: str, question: str, choices: Sequence[str]) -> Reading:
    """Return True for yes, False for no."""
    sentences = plain_sentences(text)
    first, reply = sentences[0] if sentences else "", "\n".join(sentences)
    if has_doubt(text) or has_doubt(reply) or has_hedge(first) or _BOTH.match(reply):
        return _DOUBT
    for pattern, value in ((_YES, True), (_NO, False)):
        lead = pattern.match(first)
        if lead:
            rest = first[lead.end() :].lstrip(" ,;:!\u2013\u2014-")
            return _MISFIT if _stated(rest, rest, question) is (not value) else Reading(value)
    if sees_nothing(reply) or has_hedge(reply):
        return _DOUBT
    return Reading(_stated(first, reply, question))


def _stated(first: str, reply: str, question: str) -> Optional[bool]:
    """Return yes or no from a first sentence without these words; None if it is not plainly about the question."""
    ellipsis = _ELLIPSIS.match(first)
    if ellipsis:
        return ellipsis["not"] is None
    denied = _THERE_IS_NO.match(first) or _NO_NOUN.match(first)
    if denied:
        noun = denied["noun"]
        is_plain = not (is_idle_no(noun) or has_negation(noun) or _TURN.search(noun))
        return False if is_plain and is_about(head(noun), question) else None
    affirmed = _THERE_IS.match(first)
    if affirmed and not has_negation(reply) and not _TURN.search(reply) and not _SCARCE.match(affirmed["noun"]):
        noun = head(affirmed["noun"])
        return True if not noun or is_about(noun, question) else None
    return None


def read_whole_number(text: str, question: str, choices: Sequence[str]) -> Reading:
    """Return the whole number of the reply."""
    sentences = plain_sentences(text)
    reply = "\n".join(sentences)
    decisive = sentences[0] if sentences and is_bare(sentences[0]) else reply
    if has_doubt(text) or has_doubt(reply) or has_hedge(decisive) or sees_nothing(decisive):
        return _DOUBT
    return Reading(one_count(sentences, question))


def read_choice(text: str, question: str, choices: Sequence[str]) -> Reading:
    """Return one of the choices. An exact match counts even if another choice differs only in punctuation."""
    if text.strip() in choices:
        return Reading(text.strip())
    reply = "\n".join(plain_sentences(text))
    by_words = {_words(choice): choice for choice in choices}
    exact = by_words.get(_words(text)) or by_words.get(_words(reply))
    if exact is not None and not reply.endswith("?"):
        return Reading(exact)
    hits = _hits(reply, choices)
    rest = _masked(reply, hits)
    if has_doubt(rest) or has_hedge(rest) or sees_nothing(rest):
        return _DOUBT
    mentioned = {choice for _, choice in hits}
    lead = by_words.get(_words(_CLAUSE.split(reply, maxsplit=1)[0]))
    if lead is not None and mentioned == {lead}:
        return Reading(lead)
    if _NOT_ONLY.search(rest):
        return _MISFIT
    affirmed = {choice for start, choice in hits if not _is_denied(rest, start)}
    return Reading(affirmed.pop() if len(affirmed) == 1 else None)


def _words(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def _hits(text: str, choices: Sequence[str]) -> list[tuple[int, str]]:
    """Return start and text of each choice in `text`. A choice inside a longer one does not count."""
    hits: list[tuple[int, str]] = []
    taken = [False] * len(text)
    for choice in sorted(choices, key=len, reverse=True):
        words = r"[\W_]+".join(map(re.escape, re.findall(r"[^\W_]+", choice)))
        for match in re.finditer(rf"\b{words}\b", text, re.IGNORECASE) if words else ():
            if not any(taken[match.start() : match.end()]):
                taken[match.start() : match.end()] = [True] * len(match[0])
                hits.append((match.start(), choice))
    return hits


def _masked(text: str, hits: Sequence[tuple[int, str]]) -> str:
    """Return the text with choices replaced by `#`, because their words may look like denial or doubt."""
    for start, choice in hits:
        words = re.match(r"[\W_]+".join(map(re.escape, re.findall(r"[^\W_]+", choice))), text[start:], re.IGNORECASE)
        length = words.end() if words else 0
        text = text[:start] + "#" * length + text[start + length :]
    return text


def _is_denied(text: str, position: int) -> bool:
    """Return whether the clause at `position` denies the choice there, by its verb or by an earlier word."""
    begin = max((match.end() for match in _CLAUSE.finditer(text, 0, position)), default=0)
    end = _CLAUSE.search(text, position)
    clause = text[begin : end.start() if end else len(text)]
    return bool(_DENIES_CLAUSE.search(clause) or _DENIES_REST.search(text, begin, position))
