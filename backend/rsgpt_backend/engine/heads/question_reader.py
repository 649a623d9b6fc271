"""Whether a question asks for a place in the picture, a number, the presence of a thing, or the kind of area."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from ...model.heads.question_parser import QUESTION_KINDS, TAGS, QuestionKind, normalized, tokens_of
from ...model.rsgpt import Rsgpt
from .colors import colors_of

_CACHED = 4096  # a run asks the same few questions about every tile
_LONGEST = 400  # characters; a longer text is more than one question
_CERTAIN = 0.5  # minimum probability of a kind
_NAMING = 0.2  # minimum probability that the likeliest word names the thing
_WORD = re.compile(r"\w(?:[\w'-]*\w)?")
_JOINS = frozenset((",", "&", "/", "and", "or", "plus", "well"))  # between two things; "as well as"
_ARTICLES = frozenset(("the", "a", "an", "any", "some", "as"))
_PUNCTUATION = re.compile(r"[^\w\s'-]")
_ENDS_PHRASE = re.compile(r"[.:;?!]")
# Qualifiers that exclude nothing: in an aerial picture, all airplanes are "on the ground".
_STATE = r"(?:parked|docked|moored|anchored|standing)"
_EVERYWHERE = re.compile(rf"{_STATE}|(?:{_STATE} )?(?:in|on|at) the (?P<site>[a-z]+)")
_SITES = {  # by the last letters of the noun
    "planes?|aircraft|jets?|airliners?": ("ground", "apron", "tarmac", "airport", "airfield"),
    "ships?|boats?|vessels?|watercraft": ("water", "harbor", "harbour", "port", "marina"),
}
_WHOLE = ("area", "image", "picture", "scene")
_NOT_RESTRICTING = re.compile(r"the|an?|and|\d+|one|two|three|four|five|six|seven|eight|nine|ten")
_UNNAMED = frozenset(("", "it", "this", "that", "place", "area", "image", "picture", "photo", "scene", "view", "tile"))
_THING, _RESTRICTION = TAGS.index("thing"), TAGS.index("restriction")


@dataclass(frozen=True)
class ParsedQuestion:
    """What a question asks for, and of which thing, in lower case.

    noun: one or more words without article and adjectives, "" for the kind of area, no thing, or several things;
    adjectives: the words before the noun that restrict it, such as "red"; qualifier: the other words that do, such as
    "next to the lake".
    """

    kind: QuestionKind
    noun: str = ""
    adjectives: tuple[str, ...] = ()
    qualifier: str = ""


class QuestionReader:
    """Reads questions with the parser of a model; a question is parsed once."""

    def __init__(self, model: Rsgpt) -> None:
        """model: may be without a parser; then it recognizes no question."""
        self._model = model
        self._parse = lru_cache(_CACHED)(self._parsed)
        # The model's own prompts ask for a caption.
        self._captions = {normalized(text) for text in (model.config.caption_prompt, model.config.detail_prompt)}

    def read(self, prompts: Sequence[str]) -> list[ParsedQuestion | None]:
        """Return what each prompt asks for; None if it asks for something else, or for several answers."""
        return [self._parse(text) if 0 < len(text) <= _LONGEST else None for text in map(normalized, prompts)]

    @torch.inference_mode()
    def _parsed(self, text: str) -> ParsedQuestion | None:
        parser = self._model.question_parser
        if parser is None or text in self._captions:
            return None
        ((ids, spans),) = tokens_of(self._model.tokenizer, [text])
        if not ids:
            return None
        table, device = self._model.language.get_input_embeddings(), parser.norm.weight.device
        words = table(torch.tensor([ids], device=table.weight.device)).to(device)
        kind, tags = parser(words, torch.ones(1, len(ids), dtype=torch.bool, device=device))
        return _question(text, kind[0].softmax(0).cpu(), tags[0].softmax(1).cpu(), spans)


def _question(text: str, kinds: Tensor, tags: Tensor, spans: Sequence[tuple[int, int]]) -> ParsedQuestion | None:
    """Return the question, None if none is recognized.

    kinds: probabilities of QUESTION_KINDS; tags: of TAGS, [tokens, tags]; spans: of the tokens.
    """
    probability, index = kinds.max(0)
    kind = QUESTION_KINDS[int(index)]
    if kind == "other" or not probability >= _CERTAIN:
        return None
    return ParsedQuestion(kind) if kind == "area" else _about_a_thing(kind, text, tags, spans)


def _about_a_thing(
    kind: QuestionKind, text: str, tags: Tensor, spans: Sequence[tuple[int, int]]
) -> ParsedQuestion | None:
    """Return the question; None if a place is asked of no thing, or of several."""
    words = [match.span() for match in _WORD.finditer(text)]
    shares = [_tags_of_word(word, tags, spans) for word in words]
    of_words = [int(each.argmax()) for each in shares]
    thing = _thing([float(each[_THING]) for each in shares], of_words)
    texts = [text[start:end] for start, end in words]
    while len(thing) > 1 and colors_of(texts[thing.start : thing.start + 1]):
        thing = thing[1:]  # a color is an adjective, also if it was taken for a part of the name
    noun = " ".join(texts[thing.start : thing.stop]).removesuffix("'s")
    restricts = [
        number not in thing and (tag == _RESTRICTION or bool(colors_of([word])))
        for number, (word, tag) in enumerate(zip(texts, of_words, strict=True))
    ]
    first = thing.start
    while first and restricts[first - 1] and not _ENDS_PHRASE.search(text[words[first - 1][1] : words[first][0]]):
        first -= 1
    adjectives = tuple(word for word in texts[first : thing.start] if not _NOT_RESTRICTING.fullmatch(word))
    qualifier = " ".join(
        word for number, word in enumerate(texts) if restricts[number] and not first <= number < thing.start
    )
    is_unnamed = noun in _UNNAMED and not adjectives and not qualifier
    if is_unnamed or _is_one_of_several(text, words, of_words, thing):
        return None if kind == "place" else ParsedQuestion(kind)
    return ParsedQuestion(kind, noun, adjectives, "" if _is_everywhere(noun, qualifier) else qualifier)


def _tags_of_word(word: tuple[int, int], tags: Tensor, spans: Sequence[tuple[int, int]]) -> Tensor:
    """Return the probabilities of the tags of a word, the mean of its tokens'."""
    inside = [index for index, (start, end) in enumerate(spans) if start < word[1] and end > word[0]]
    return tags[inside].mean(0) if inside else torch.eye(len(TAGS))[0]


def _thing(shares: Sequence[float], tags: Sequence[int]) -> range:
    """Return the words that name the thing: the likeliest word, and its neighbors that do, too.

    shares: the probability of each word that it does; tags: the likeliest tag of each word.
    """
    if max(shares, default=0.0) < _NAMING:
        return range(0)
    first = last = shares.index(max(shares))
    while first > 0 and tags[first - 1] == _THING:
        first -= 1
    while last + 1 < len(tags) and tags[last + 1] == _THING:
        last += 1
    return range(first, last + 1)


def _is_one_of_several(text: str, words: Sequence[tuple[int, int]], tags: Sequence[int], thing: range) -> bool:
    """Return whether another thing is joined to the thing, as in "cars and trucks" or "red cars and white trucks".

    words: their starts and ends; tags: the likeliest tag of each word.
    """
    for other in (number for number, tag in enumerate(tags) if tag == _THING and number not in thing):
        first, last = (thing.stop - 1, other) if other >= thing.stop else (other, thing.start)
        left = [text[slice(*words[number])] for number in range(first + 1, last) if tags[number] != _RESTRICTION]
        gap = {*left, *_PUNCTUATION.findall(text[words[first][1] : words[last][0]])}
        if gap & _JOINS and gap <= _JOINS | _ARTICLES:
            return True
    return False


def _is_everywhere(noun: str, qualifier: str) -> bool:
    """Return whether a qualifier excludes nothing that the noun names."""
    match = _EVERYWHERE.fullmatch(qualifier)
    if not match or match["site"] in (None, *_WHOLE):
        return match is not None
    return any(match["site"] in sites and re.search(rf"(?:{ending})$", noun) for ending, sites in _SITES.items())
