"""Questions in many wordings, in which the thing and the words that restrict it are marked.

A file has one question per line, `kind: question`, with a kind of model/heads/question_parser.py. A question about a
thing has one thing in square brackets, and any words that restrict it in braces: "number: How many {white} [cars] are
{on the bridge}?"
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import UsageError
from ...model.heads.question_parser import QUESTION_KINDS, TAGS, normalized

_ABOUT_A_THING = ("presence", "number", "place")
_PART = re.compile(r"\[(?P<thing>[^\[\]{}]+)\]|\{(?P<restriction>[^\[\]{}]+)\}|(?P<outside>[^\[\]{}]+)")
_KIND = re.compile(rf"(?P<kind>{'|'.join(QUESTION_KINDS)}): (?=.)")
_NOUN = re.compile(r"\[([^\]]+)\]")
_ARTICLE = re.compile(r"\b(a)n? $")
_CONTEXT = re.compile(r"(?P<context>[^\[\]{}?.!]+[.!]) [^ ].*")
_INSTRUCTION = re.compile(  # a sentence that may change what is asked
    r"\b(?:answer|repl|respon|say|tell|give|find|list|name|show|count|number|label|describe|classif|task|prompt|output|"
    r"return|yes|no|just|only|don't)",
    re.IGNORECASE,
)
_CLOSINGS = ("please.", "thanks!", "thank you.", "answer briefly.", "just the answer.", "answer in one word.")
# Probabilities of the changes of a drawn question.
_RENAMED, _INTRODUCED, _CLOSED, _UNPUNCTUATED, _JOINED = 0.7, 0.1, 0.1, 0.2, 0.04


@dataclass(frozen=True)
class MarkedQuestion:
    """A question as the parser reads it.

    kind: index in QUESTION_KINDS; spans: start, end and index in TAGS of marked words.
    """

    kind: int
    text: str
    spans: tuple[tuple[int, int, int], ...]

    @classmethod
    def parse(cls, line: str) -> MarkedQuestion:
        """Read a line of a file."""
        kind, _, marked = line.partition(": ")
        text, spans = "", list[tuple[int, int, int]]()
        for match in _PART.finditer(normalized(marked)):
            tag = match.lastgroup or ""
            written = match[tag]
            if tag != "outside":
                spans.append((len(text), len(text) + len(written), TAGS.index(tag)))
            text += written
        return cls(QUESTION_KINDS.index(kind), text, tuple(spans))

    def tags(self, tokens: Sequence[tuple[int, int]]) -> list[int]:
        """Return the index in TAGS of each token. tokens: their starts and ends; a token may start with a space."""
        return [self._tag(start + self.text[start:end].startswith(" "), end) for start, end in tokens]

    def _tag(self, start: int, end: int) -> int:
        return next((tag for first, last, tag in self.spans if start < last and end > first), 0)


class Wordings:
    """The lines of files of questions, from which varied questions are drawn."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Raises UsageError if the files have no line, or a malformed one."""
        self.lines = [line for path in paths for line in _lines(path)]
        if not self.lines:
            raise UsageError("No wordings of questions were found. Correct [question_parser] in the recipe.")
        self._by_kind: dict[str, list[str]] = {}
        for line in self.lines:
            self._by_kind.setdefault(line.partition(": ")[0], []).append(line)
        self._contexts = [
            match["context"]
            for kind in (*_ABOUT_A_THING, "area")
            for line in self._by_kind.get(kind, ())
            if (match := _CONTEXT.fullmatch(line.partition(": ")[2])) and not _INSTRUCTION.search(match["context"])
        ]
        self._nouns = _nouns_by_grammatical_number(self.lines)

    def draw(self, rng: random.Random) -> MarkedQuestion:
        """Return a question; all kinds are drawn equally often, and a few texts with two questions besides.

        The thing, the punctuation, and the sentences around the question may differ from the line.
        """
        if rng.random() < _JOINED:
            first, second = rng.choice(self.lines), rng.choice(self.lines)
            return MarkedQuestion.parse(f"other: {_unmarked(first)} {_unmarked(second)}")
        kind = rng.choice(list(self._by_kind))
        question = rng.choice(self._by_kind[kind]).partition(": ")[2]
        if rng.random() < _RENAMED:
            question = _NOUN.sub(lambda match: f"[{self._renamed(match[1].lower(), rng)}]", question)
            question = re.sub(r"\b(a)n? \[(?=([a-z]))", _with_article, question)
        if rng.random() < _UNPUNCTUATED:
            question = question.rstrip(" .?!")
        elif rng.random() < _CLOSED:
            question = f"{question} {rng.choice(_CLOSINGS)}"
        if kind != "other" and self._contexts and rng.random() < _INTRODUCED:
            question = f"{rng.choice(self._contexts)} {question}"
        return MarkedQuestion.parse(f"{kind}: {question}")

    def _renamed(self, noun: str, rng: random.Random) -> str:
        """Return a noun of the same grammatical number; a possessive stays."""
        if noun.endswith("'s"):
            return noun
        return rng.choice(next(nouns for nouns in self._nouns if noun in nouns))


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}. Correct [question_parser] in the recipe.") from error
    for number, line in enumerate(lines, 1):
        if not _is_marked(line):
            raise UsageError(f"{path}, line {number}, is not a marked question: “{line}”. Correct or delete the line.")
    return lines


def _is_marked(line: str) -> bool:
    match = _KIND.match(line)
    if not match or len(_NOUN.findall(line)) != (match["kind"] in _ABOUT_A_THING):
        return False
    question = line[match.end() :]
    return sum(len(part[0]) for part in _PART.finditer(question)) == len(question)


def _nouns_by_grammatical_number(lines: Sequence[str]) -> list[list[str]]:
    """Return the things: singular and plural ones, and all others, sorted.

    Singular are those that follow "a" or "an", or whose plural is a thing, too.
    """
    before: dict[str, set[str]] = {}
    for line in map(str.lower, lines):
        for match in _NOUN.finditer(line):
            before.setdefault(match[1].removesuffix("'s"), set()).add(line[: match.start()])
    singular = {
        noun
        for noun, starts in before.items()
        if any(map(_ARTICLE.search, starts)) or before.keys() & {f"{noun}s", f"{noun}es"}
    }
    plural = {noun for noun in before if noun.endswith("s") and not noun.endswith("ss")} - singular
    return [sorted(nouns) for nouns in (singular, plural, before.keys() - singular - plural)]


def _with_article(match: re.Match[str]) -> str:
    return f"{match[1]}{'n' if match[2] in 'aeiou' else ''} ["


def _unmarked(line: str) -> str:
    return re.sub(r"[\[\]{}]", "", line.partition(": ")[2])
