"""The table of answer types: how each is written, asked, read, stored and exported."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Optional

from ..i18n import mark
from ..results.columns import BOOLEAN, TEXT, WHOLE, DataType
from .readers import Reading, read_choice, read_text, read_whole_number, read_yes_or_no

Reader = Callable[[str, str, Sequence[str]], Reading]


@dataclass(frozen=True, eq=False)
class AnswerType:
    """One type of answer.

    name: as in a question line. label: display name, marked for translation. data: type of its column.
    read: reader of the value, given the reply, the question's text and its choices. misfit_message: problem of a reply
    that does not fit, with the reply as {text}, marked for translation. exported: question type in an exported data
    set. suffix: appended to the question in the prompt, with {choices}. has_choices: whether a question lists its
    answers. is_translated: whether the model may answer in the user's language. is_cut_readable: whether a reply that
    was cut off in its first sentence still has a value. spellings: regular expression of accepted names.
    allowed: the fixed answers of the type, as the model must write them, if any. is_whole_number: whether the model
    chooses among the whole numbers instead of writing an answer in its own words.
    """

    TEXT: ClassVar[AnswerType]
    YESNO: ClassVar[AnswerType]
    INTEGER: ClassVar[AnswerType]
    CHOICE: ClassVar[AnswerType]

    name: str
    label: str
    data: DataType
    read: Reader
    misfit_message: str
    exported: str = "other"
    suffix: str = ""
    has_choices: bool = False
    is_translated: bool = False
    is_cut_readable: bool = False
    spellings: str = ""
    allowed: tuple[str, ...] = ()
    is_whole_number: bool = False

    def __reduce__(self) -> tuple[Callable[[str], Optional[AnswerType]], tuple[str]]:
        """Pickle the name, so that another process looks the type up in its own table."""
        return answer_type, (self.name,)

    @property
    def example(self) -> str:
        """The type as shown in help texts."""
        return f"{self.name}(a|b|c)" if self.has_choices else self.name

    def written(self, choices: Sequence[str]) -> str:
        """Return the type as written in a question line with these choices."""
        return f"{self.name}({'|'.join(choices)})" if self.has_choices else self.name

    def prompt(self, text: str, choices: Sequence[str]) -> str:
        """Return the prompt for a question text."""
        return text + self.suffix.format(choices=", ".join(choices))


AnswerType.TEXT = AnswerType(
    "text",
    mark("Text"),
    TEXT,
    read_text,
    mark("'{text}' is not text"),
    is_translated=True,
    is_cut_readable=True,
)
AnswerType.YESNO = AnswerType(
    "yesno",
    mark("Yes or no"),
    BOOLEAN,
    read_yes_or_no,
    mark("'{text}' is neither yes nor no"),
    exported="presence",
    is_cut_readable=True,
    spellings="yes/?no",
    allowed=("yes", "no"),
)
AnswerType.INTEGER = AnswerType(
    "integer",
    mark("Whole number"),
    WHOLE,
    read_whole_number,
    mark("'{text}' is not one whole number"),
    exported="count",
    is_whole_number=True,
)
AnswerType.CHOICE = AnswerType(
    "choice",
    mark("One of a list"),
    TEXT,
    read_choice,
    mark("'{text}' is not one of the choices"),
    suffix=" Choose one of: {choices}.",
    has_choices=True,
)

TYPES: tuple[AnswerType, ...] = (AnswerType.TEXT, AnswerType.YESNO, AnswerType.INTEGER, AnswerType.CHOICE)


def answer_type(name: str) -> Optional[AnswerType]:
    """Return the type with this name, or None if there is none."""
    return next((kind for kind in TYPES if kind.name == name), None)


def type_names_pattern() -> str:
    """Return a regular expression of all accepted type names."""
    return "|".join(kind.spellings or re.escape(kind.name) for kind in TYPES)


def types_help() -> str:
    """Return the types as users write them, separated by commas."""
    return ", ".join(kind.example for kind in TYPES)
