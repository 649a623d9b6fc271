"""Questions as the user writes them, one a line. Knows nothing of answers or of models."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from ..errors import QuestionError

CAPTION_PROMPT = "Describe this image."
DETAIL_PROMPT = "Describe this image in detail."

# Columns that every result has: a question of the same name would hide one of them.
RESERVED_NAMES = frozenset(
    "fid geom caption confidence status reason model weights_sha256 prompt image_sha256 "
    "gsd_m bands stretch asked_at plugin_version".split()
)

MAX_QUESTION_LENGTH = 2000
MAX_NAME_LENGTH = 48

_TYPED = re.compile(r"\s*(?P<name>\w*)\s*\[(?P<type>[^\]]*)\]\s*:(?P<text>.*)", re.DOTALL)
_NAMED = re.compile(r"\s*(?P<name>\w+):(?P<text>\s.*)", re.DOTALL)
_TYPES = r"(?:text|yes/?no|integer|choice)"
_UNFINISHED = re.compile(rf"\s*\w*\s*\[\s*{_TYPES}|[^?]*\]\s*:", re.IGNORECASE)
_OTHER_BRACKET = re.compile(rf"[^?]*[({{]\s*{_TYPES}\b.*[)}}]\s*:", re.IGNORECASE)
_CHOICE = re.compile(r"choice\s*\((?P<choices>.*)\)", re.DOTALL | re.IGNORECASE)
_HOW = (
    "write `name[type]: question`, with type text, yesno, integer or choice(a|b|c), "
    "for example `cars[integer]: How many cars are there?`"
)


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
        """What is sent to the model: the question, and for a choice its options."""
        if self.type is AnswerType.CHOICE:
            return f"{self.text} Choose one of: {', '.join(self.choices)}."
        return self.text

    @property
    def line(self) -> str:
        """The question as a line that `parse_questions` reads back to an equal one."""
        kind = f"choice({'|'.join(self.choices)})" if self.choices else self.type.value
        return f"{self.name}[{kind}]: {self.text}"


def parse_questions(text: str) -> list[Question]:
    """Read one question a line; empty lines are skipped, a line without a name is called q1, q2, ...

    Raises QuestionError with the number of the line and what to write there.
    """
    questions: list[Question] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                question = _parse_line(line, f"q{len(questions) + 1}")
                _refuse_clash(question.name, questions)
            except ValueError as error:
                raise QuestionError(f"Question line {number} cannot be read: {error}.") from error
            questions.append(question)
    return questions


def _parse_line(line: str, default_name: str) -> Question:
    typed = _TYPED.fullmatch(line)
    named = None if typed else _NAMED.fullmatch(line)
    if not typed and not named and (_UNFINISHED.match(line) or _OTHER_BRACKET.match(line)):
        raise ValueError(f"what stands before the question is not a name and a type; {_HOW}")
    found = typed or named
    words = (found["text"] if found else line).strip()
    kind, choices = _parse_type(typed["type"]) if typed else (AnswerType.TEXT, ())
    name = (found["name"] if found else "") or default_name
    _refuse_bad_name(name)
    if not words:
        raise ValueError(f"the question after the colon is missing; {_HOW}")
    if len(words) > MAX_QUESTION_LENGTH:
        raise ValueError(f"it has more than {MAX_QUESTION_LENGTH} characters; shorten it")
    return Question(name, words, kind, choices)


def _parse_type(text: str) -> tuple[AnswerType, tuple[str, ...]]:
    choice = _CHOICE.fullmatch(text.strip())
    if choice:
        return AnswerType.CHOICE, _parse_choices(choice["choices"])
    name = text.strip().lower()
    if name not in ("text", "yesno", "integer"):
        raise ValueError(f"the type `{text.strip()}` is unknown; {_HOW}")
    return AnswerType(name), ()


def _parse_choices(text: str) -> tuple[str, ...]:
    choices = tuple(part.strip() for part in text.split("|"))
    if len(choices) < 2 or not all(choices):
        raise ValueError("a choice needs two or more options, none empty; write `choice(city|forest|water)`")
    if len({choice.casefold() for choice in choices}) < len(choices):
        raise ValueError("the same option is listed twice; remove one")
    return choices


def _refuse_bad_name(name: str) -> None:
    if not name.isidentifier() or len(name) > MAX_NAME_LENGTH:
        raise ValueError(
            f"`{name}` cannot be a column name; use a letter, then letters, digits and _, "
            f"at most {MAX_NAME_LENGTH} characters"
        )
    if name.casefold() in RESERVED_NAMES:
        raise ValueError(f"the column `{name}` is used by the result itself; choose another name")


def _refuse_clash(name: str, earlier: list[Question]) -> None:
    taken = {column.casefold() for question in earlier for column in columns(question.name)}
    if taken.intersection(column.casefold() for column in columns(name)):
        raise ValueError(f"the column `{name}` is used by an earlier line; choose another name")


def columns(name: str) -> tuple[str, str]:
    """The names of a question's two columns: the answer, and its confidence."""
    return name, f"{name}_confidence"
