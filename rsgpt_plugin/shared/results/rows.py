"""One row of a result: its status, its reason and its values by column. Knows no layer, sink or file format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any, Optional

from ..answers.questions import Question, language_wish
from ..answers.readers import Value
from ..answers.typed_answers import RawAnswer, TypedAnswer, kept_if_sure, read_answer
from ..text import clean
from .columns import CAPTION, CONFIDENCE, REAL, DataType, answer_columns, leading_columns, trailing_columns

Cell = Optional[Value]


class Status(Enum):
    """What became of a tile. PARTIAL: some of its columns have an answer, `reason` says why not the others.

    UNSURE: none has, since the model doubted, or was less sure than the user wants.
    """

    ANSWERED = "answered"
    PARTIAL = "partial"
    UNSURE = "unsure"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass
class RowCounts:
    """How many rows a run has written, by what became of them.

    tiles: as many as there are to describe; tiles = answered + skipped + failed, unless the run was stopped.
    cached: answers that the run did not ask for, because they were known before or belong to an equal picture.
    """

    tiles: int = 0
    answered: int = 0
    skipped: int = 0
    failed: int = 0
    cached: int = 0

    @property
    def done(self) -> int:
        """Tiles that have their row."""
        return self.answered + self.skipped + self.failed

    def add(self, status: Status) -> None:
        """Count one more row."""
        self.answered += status in (Status.ANSWERED, Status.PARTIAL)
        self.skipped += status in (Status.SKIPPED, Status.UNSURE)
        self.failed += status is Status.FAILED

    def as_dict(self) -> dict[str, Any]:
        """By name, with the counts that a side adds."""
        return asdict(self)


@dataclass(frozen=True)
class RowValues:
    """The values of one result row.

    caption: None where no caption was asked for. answers: by question name. provenance: by column name,
    without status and reason; asked_at as ISO 8601 UTC text.
    """

    status: Status
    reason: str = ""
    caption: Optional[TypedAnswer] = None
    answers: Mapping[str, TypedAnswer] = field(default_factory=dict)
    provenance: Mapping[str, Cell] = field(default_factory=dict)

    def by_column(self, questions: Sequence[Question], batch: bool = False) -> dict[str, Cell]:
        """Every column of the row in the order of a result, texts clean. batch: with the columns of `rsgpt batch`.

        `confidence` is the caption's, or, where none was asked for, the lowest of the answers'.
        """
        known: dict[str, Cell] = {"status": self.status.value, "reason": self.reason or None, **self.provenance}
        known[CAPTION] = self.caption.value if self.caption else None
        known[CONFIDENCE] = self.caption.confidence if self.caption else lowest_confidence(self.answers)
        values = {column.name: known.get(column.name) for column in leading_columns()}
        for question in questions:
            answer = self.answers.get(question.name, TypedAnswer(None))
            values.update(zip(answer_columns(question.name), (answer.value, answer.confidence)))
        values.update((column.name, known.get(column.name)) for column in trailing_columns(batch))
        return {name: clean(value) if isinstance(value, str) else value for name, value in values.items()}


def column_types(questions: Sequence[Question], batch: bool = False) -> dict[str, DataType]:
    """Every column of a result with what it stores, in order. batch: with the columns of `rsgpt batch`."""
    types = {column.name: column.type for column in leading_columns()}
    for question in questions:
        types.update(zip(answer_columns(question.name), (question.type.data, REAL)))
    types.update((column.name, column.type) for column in trailing_columns(batch))
    return types


class RunPrompts:
    """What a run asks of every picture. Each side's dataclass adds its fields, among them of which model.

    caption: the prompt of the caption, "" for none. language: that text is asked for in, "" for none in particular.
    """

    caption: str
    questions: tuple[Question, ...]
    language: str = ""

    @cached_property
    def asked(self) -> tuple[Question, ...]:
        """Everything that is asked, in order; the caption is a question too."""
        return ((Question(CAPTION, self.caption),) if self.caption else ()) + self.questions

    def describe(self) -> str:
        """The text of the `prompt` column: the caption's prompt, questions, the wish for a language; one per line."""
        wish = language_wish(self.language) if self.language else ""
        return "\n".join(filter(None, [self.caption, *(question.line for question in self.questions), wish]))


def answered_row(
    asked: Sequence[Question], raws: Sequence[RawAnswer], least_confidence: float, provenance: Mapping[str, Cell]
) -> RowValues:
    """The row of a picture that the model was asked about. raws: one per question, in order.

    least_confidence: 0 to 1; an answer to a question that is less sure is left out. The caption always stays.
    """
    typed = {question.name: typed_answer(question, raw, least_confidence) for question, raw in zip(asked, raws)}
    problems = [f"{name}: {answer.problem}" for name, answer in typed.items() if answer.problem]
    moments = [raw.asked_at for raw in raws if raw.asked_at and not raw.problem]
    known = {**provenance, "asked_at": max(moments, default=None)}
    return RowValues(status_of(list(typed.values())), "; ".join(problems), typed.pop(CAPTION, None), typed, known)


def status_of(answers: Sequence[TypedAnswer]) -> Status:
    """What became of a picture, by its answers."""
    missing = [answer for answer in answers if answer.value is None]
    if not missing:
        return Status.ANSWERED
    if len(missing) < len(answers):
        return Status.PARTIAL
    return Status.UNSURE if any(answer.is_doubt for answer in missing) else Status.FAILED


def lowest_confidence(answers: Mapping[str, TypedAnswer]) -> Optional[float]:
    """The confidence of the least sure answer; None where no answer has one."""
    return min((one.confidence for one in answers.values() if one.confidence is not None), default=None)


def typed_answer(question: Question, raw: RawAnswer, least: float) -> TypedAnswer:
    """The value of a reply; an answer to a question has none where it is less sure than `least`, 0 to 1."""
    answer = read_answer(question, raw)
    return answer if question.name == CAPTION else kept_if_sure(answer, least)
