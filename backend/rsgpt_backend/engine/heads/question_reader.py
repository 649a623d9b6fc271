"""Whether a question asks for a place in the picture, a number, the presence of a thing, or the kind of area."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...model.heads.question_parser import KINDS, TAGS, QuestionKind, normalized, tokens_of
from ...model.rsgpt import Rsgpt, pad

_CACHED = 4096  # a run asks the same few questions about every tile
_LONGEST = 400  # characters; a longer text is more than one question
_CERTAIN = 0.5  # minimum probability of a kind
_NAMED = 0.2  # minimum probability that the likeliest word names the thing
_WORD = re.compile(r"\w[\w'-]*")
# What is "on the ground" in an aerial picture is everything of its kind.
_EVERYWHERE = re.compile(
    r"(?:(?:parked|docked|moored|anchored|standing) )?(?:in|on|at) the "
    r"(?:ground|water|apron|tarmac|harbou?r|port|marina|airport|airfield|area)"
)
_IDLE = re.compile(r"the|an?|and|\d+|one|two|three|four|five|six|seven|eight|nine|ten")
_THING, _RESTRICTION = TAGS.index("thing"), TAGS.index("restriction")


@dataclass(frozen=True)
class ParsedQuestion:
    """What a question asks for, and of which thing, in lower case.

    noun: one or more words without article and adjectives, "" for the kind of area, or if no thing is named;
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
        self._read: OrderedDict[str, ParsedQuestion | None] = OrderedDict()

    def read(self, prompts: Sequence[str]) -> list[ParsedQuestion | None]:
        """Return what each prompt asks for; None if it asks for something else, or for several things."""
        texts = list(map(normalized, prompts))
        new = [text for text in dict.fromkeys(texts) if text not in self._read]
        self._read.update(zip(new, self._parsed(new), strict=True))
        questions = [self._read[text] for text in texts]
        while len(self._read) > _CACHED:
            self._read.popitem(last=False)
        return questions

    @torch.inference_mode()
    def _parsed(self, texts: Sequence[str]) -> list[ParsedQuestion | None]:
        parser, tokenizer = self._model.question_parser, self._model.tokenizer
        questions: list[ParsedQuestion | None] = [None] * len(texts)
        if parser is None:
            return questions
        short = [index for index, text in enumerate(texts) if 0 < len(text) <= _LONGEST]
        for index, (ids, spans) in zip(short, tokens_of(tokenizer, [texts[index] for index in short]), strict=True):
            if not ids:
                continue
            words = self._model.language.get_input_embeddings()
            kind, tags = parser(*_one(ids, words))
            questions[index] = _question(texts[index], kind[0].softmax(0), tags[0].softmax(1), spans)
        return questions


def _one(ids: Sequence[int], words: torch.nn.Embedding) -> tuple[Tensor, Tensor]:
    """Return the word vectors of one question and their mask; its answer does not depend on the rest of a batch."""
    padded, mask = pad([ids], 0, words.weight.device)
    return words(padded), mask.bool()


def _question(text: str, kinds: Tensor, tags: Tensor, spans: Sequence[tuple[int, int]]) -> ParsedQuestion | None:
    """Return the question. kinds: probabilities of KINDS; tags: of TAGS, [tokens, tags]; spans: of the tokens."""
    probability, kind = kinds.max(0)
    name = KINDS[int(kind)]
    if name == "other" or probability < _CERTAIN:
        return None
    if name == "area":
        return ParsedQuestion(name)
    words = [match.span() for match in _WORD.finditer(text)]
    of_words = torch.stack([_tags_of_word(word, tags, spans) for word in words]) if words else tags[:0]
    thing = _thing(of_words)
    restricts = [index not in thing and int(row.argmax()) == _RESTRICTION for index, row in enumerate(of_words)]
    first = thing.start
    while first > 0 and restricts[first - 1]:
        first -= 1
    texts = [text[start:end] for start, end in words]
    noun = " ".join(texts[thing.start : thing.stop]).removesuffix("'s")
    adjectives = tuple(word for word in texts[first : thing.start] if not _IDLE.fullmatch(word))
    before, after = range(first), range(thing.stop, len(texts))
    qualifier = " ".join(texts[index] for index in (*before, *after) if restricts[index])
    return ParsedQuestion(name, noun, adjectives, "" if _EVERYWHERE.fullmatch(qualifier) else qualifier)


def _tags_of_word(word: tuple[int, int], tags: Tensor, spans: Sequence[tuple[int, int]]) -> Tensor:
    """Return the probabilities of the tags of a word, the mean of its tokens'."""
    inside = [index for index, (start, end) in enumerate(spans) if start < word[1] and end > word[0]]
    return tags[inside].mean(0)


def _thing(tags: Tensor) -> range:
    """Return the words that name the thing: the likeliest word, and its neighbors that do, too. tags: [words, tags]."""
    if not len(tags) or tags[:, _THING].max() < _NAMED:
        return range(0)
    first = last = int(tags[:, _THING].argmax())
    while first > 0 and int(tags[first - 1].argmax()) == _THING:
        first -= 1
    while last + 1 < len(tags) and int(tags[last + 1].argmax()) == _THING:
        last += 1
    return range(first, last + 1)
