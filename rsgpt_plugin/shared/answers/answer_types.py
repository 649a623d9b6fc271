"""The one table of answer types: how each is written, asked, read, stored and exported. Knows no question."""

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

    name: as a question line has it. label: for people, marked for translation. data: what its column stores.
    read: the value in a reply, given the reply, the question's text and its choices. misfit: what to say of a reply
    without such a value, with the reply as {text}, marked too. exported: the kind of question in an exported data
    set. suffix: what follows the question in the prompt, with {choices}. has_choices: whether a question lists its
    answers. is_translated: whether the model may answer in the user's language. is_cut_readable: whether a reply that
    was cut off in its first sentence still has a value. spellings: a regular expression of what people write for the
    name. allowed: the only answers there are, as the model is to write them, where the type decides them; is_number:
    whether the only answers are whole numbers.
    """

    TEXT: ClassVar[AnswerType]
    YESNO: ClassVar[AnswerType]
    INTEGER: ClassVar[AnswerType]
    CHOICE: ClassVar[AnswerType]

    name: str
    label: str
    data: DataType
    read: Reader
    misfit: str
    exported: str = "other"
    suffix: str = ""
    has_choices: bool = False
    is_translated: bool = False
    is_cut_readable: bool = False
    spellings: str = ""
    allowed: tuple[str, ...] = ()
    is_number: bool = False

    def __reduce__(self) -> tuple[Callable[[str], Optional[AnswerType]], tuple[str]]:
        """Pickle as the name, so that another process gets its own table's type."""
        return answer_type, (self.name,)

    @property
    def example(self) -> str:
        """The type as help texts write it."""
        return f"{self.name}(a|b|c)" if self.has_choices else self.name

    def written(self, choices: Sequence[str]) -> str:
        """The type of a question with these choices as its line has it."""
        return f"{self.name}({'|'.join(choices)})" if self.has_choices else self.name

    def prompt(self, text: str, choices: Sequence[str]) -> str:
        """What the model is sent for a question of these words."""
        return text + self.suffix.format(choices=", ".join(choices))


AnswerType.TEXT = AnswerType(
    "text",
    mark("Text"),
    TEXT,
    read_text,
    mark("'{text}' is no text"),
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
    is_number=True,
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
    """The type of that name; None where there is none."""
    return next((one for one in TYPES if one.name == name), None)


def spelled_types() -> str:
    """A regular expression of what people write for the names of types."""
    return "|".join(one.spellings or re.escape(one.name) for one in TYPES)


def types_help() -> str:
    """The types as a person writes them, with commas between them."""
    return ", ".join(one.example for one in TYPES)
