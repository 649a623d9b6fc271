"""Questions as they are written, `name[type]: text`, read as the plugin reads them. Knows nothing of answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from ..errors import UsageError

CAPTION = "caption"
RESERVED_NAMES = frozenset(
    "fid geom geometry caption confidence status reason model weights_sha256 prompt image_sha256 "
    "gsd_m bands stretch asked_at plugin_version raster".split()
)

_LONGEST_QUESTION = 2000
_LONGEST_NAME = 48
_HOW = (
    "write `name[type]: question`, with type text, yesno, integer or choice(a|b|c), "
    "for example `cars[integer]: How many cars are there?`"
)
_TYPED = re.compile(r"\s*(?P<name>\w*)\s*\[(?P<type>[^\]]*)\]\s*:(?P<text>.*)", re.DOTALL)
_NAMED = re.compile(r"\s*(?P<name>\w+):(?P<text>\s.*)", re.DOTALL)
_TYPES = r"(?:text|yes/?no|integer|choice)"
_UNFINISHED = re.compile(rf"\s*\w*\s*\[\s*{_TYPES}|[^?]*\]\s*:", re.IGNORECASE)
_OTHER_BRACKET = re.compile(rf"[^?]*[({{]\s*{_TYPES}\b.*[)}}]\s*:", re.IGNORECASE)
_CHOICE = re.compile(r"choice\s*\((?P<choices>.*)\)", re.DOTALL | re.IGNORECASE)


class AnswerType(Enum):
    """What kind of column an answer becomes."""

    TEXT = "text"
    YESNO = "yesno"
    INTEGER = "integer"
    CHOICE = "choice"


@dataclass(frozen=True)
class Question:
    """One question: the column's name, the words for the model, the type, and a choice's options."""

    name: str
    text: str
    type: AnswerType = AnswerType.TEXT
    choices: tuple[str, ...] = ()

    @property
    def prompt(self) -> str:
        """What the model is asked: the question, and for a choice its options."""
        options = f" Choose one of: {', '.join(self.choices)}." if self.choices else ""
        return self.text + options

    @property
    def line(self) -> str:
        """The question as a line that reads back to an equal one."""
        kind = f"choice({'|'.join(self.choices)})" if self.choices else self.type.value
        return f"{self.name}[{kind}]: {self.text}"


def columns(name: str) -> tuple[str, str]:
    """The names of a question's two columns: the answer, and its confidence."""
    return name, f"{name}_confidence"


def parse_questions(lines: Sequence[str]) -> tuple[Question, ...]:
    """The questions of the lines that are not empty; one without a name is called q1, q2, … UsageError."""
    questions: list[Question] = []
    for line in lines:
        if line.strip():
            try:
                question = _parse(line, f"q{len(questions) + 1}")
                _refuse_clash(question.name, questions)
            except ValueError as error:
                raise UsageError(f"The question {line.strip()!r} cannot be read: {error}.") from error
            questions.append(question)
    return tuple(questions)


def _parse(line: str, default_name: str) -> Question:
    typed = _TYPED.fullmatch(line)
    found = typed or _NAMED.fullmatch(line)
    if not found and (_UNFINISHED.match(line) or _OTHER_BRACKET.match(line)):
        raise ValueError(f"what stands before the question is not a name and a type; {_HOW}")
    words = (found["text"] if found else line).strip()
    kind, choices = _parse_type(typed["type"].strip()) if typed else (AnswerType.TEXT, ())
    name = (found["name"] if found else "") or default_name
    _refuse_bad_name(name)
    if not words:
        raise ValueError(f"the question after the colon is missing; {_HOW}")
    if len(words) > _LONGEST_QUESTION:
        raise ValueError(f"it has more than {_LONGEST_QUESTION} characters; shorten it")
    return Question(name, words, kind, choices)


def _parse_type(text: str) -> tuple[AnswerType, tuple[str, ...]]:
    choice = _CHOICE.fullmatch(text)
    if choice:
        return AnswerType.CHOICE, _parse_choices(choice["choices"])
    if text.lower() not in ("text", "yesno", "integer"):
        raise ValueError(f"the type `{text}` is unknown; {_HOW}")
    return AnswerType(text.lower()), ()


def _parse_choices(text: str) -> tuple[str, ...]:
    choices = tuple(part.strip() for part in text.split("|"))
    if len(choices) < 2 or not all(choices):
        raise ValueError("a choice needs two or more options, none empty; write `choice(city|forest|water)`")
    if len({choice.casefold() for choice in choices}) < len(choices):
        raise ValueError("the same option is listed twice; remove one")
    return choices


def _refuse_bad_name(name: str) -> None:
    if not name.isidentifier() or len(name) > _LONGEST_NAME:
        raise ValueError(
            f"`{name}` cannot be a column name; use a letter, then letters, digits and _, {_LONGEST_NAME} at most"
        )
    if name.casefold() in RESERVED_NAMES:
        raise ValueError(f"the column `{name}` is used by the result itself; choose another name")


def _refuse_clash(name: str, earlier: Sequence[Question]) -> None:
    taken = {column.casefold() for question in earlier for column in columns(question.name)}
    if taken.intersection(column.casefold() for column in columns(name)):
        raise ValueError(f"the column `{name}` is used by an earlier question; choose another name")
