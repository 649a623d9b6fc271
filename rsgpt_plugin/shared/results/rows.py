"""Result rows: status, reason and values by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any, Optional

from ..answers.answered_by import answered_by_text
from ..answers.model_limits import ModelLimits, picture_doubts
from ..answers.questions import Question, language_instruction
from ..answers.readers import Value
from ..answers.typed_answers import RawAnswer, TypedAnswer, hide_if_unsure, read_answer
from ..text import clean
from .columns import (
    ANSWERED_BY,
    CAPTION,
    CONFIDENCE,
    REAL,
    DataType,
    answer_columns,
    leading_columns,
    trailing_columns,
)

Cell = Optional[Value]


class Status(Enum):
    """Outcome of a tile. PARTIAL: some columns have no answer; `reason` says why.

    UNSURE: no column has an answer, because the model doubted or its confidence was below the minimum.
    """

    ANSWERED = "answered"
    PARTIAL = "partial"
    UNSURE = "unsure"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass
class RowCounts:
    """Number of rows that a run has written, by outcome.

    tiles: total to describe; equals answered + skipped + failed unless the run was stopped.
    cached: answers that needed no prompt because they were in the cache or belong to an identical picture.
    """

    tiles: int = 0
    answered: int = 0
    skipped: int = 0
    failed: int = 0
    cached: int = 0

    @property
    def done(self) -> int:
        """Number of tiles with a row."""
        return self.answered + self.skipped + self.failed

    def add(self, status: Status) -> None:
        """Count one more row."""
        self.answered += status in (Status.ANSWERED, Status.PARTIAL)
        self.skipped += status in (Status.SKIPPED, Status.UNSURE)
        self.failed += status is Status.FAILED

    def as_dict(self) -> dict[str, Any]:
        """Return all counts by name, including those that subclasses add."""
        return asdict(self)


@dataclass(frozen=True)
class RowValues:
    """The values of one result row.

    caption: None if no caption was requested. answers: by question name. provenance: by column name, without
    status and reason; asked_at is ISO 8601 UTC text.
    """

    status: Status
    reason: str = ""
    caption: Optional[TypedAnswer] = None
    answers: Mapping[str, TypedAnswer] = field(default_factory=dict)
    provenance: Mapping[str, Cell] = field(default_factory=dict)

    def by_column(self, questions: Sequence[Question], batch: bool = False) -> dict[str, Cell]:
        """Return all values in column order, texts cleaned. batch: include the columns of `rsgpt batch`.

        `confidence` is that of the caption or, without a caption, the lowest of the answers.
        """
        cells: dict[str, Cell] = {"status": self.status.value, "reason": self.reason or None, **self.provenance}
        cells[CAPTION] = self.caption.value if self.caption else None
        cells[CONFIDENCE] = self.caption.confidence if self.caption else lowest_confidence(self.answers)
        values = {column.name: cells.get(column.name) for column in leading_columns()}
        for question in questions:
            answer = self.answers.get(question.name, TypedAnswer(None))
            values.update(zip(answer_columns(question.name), (answer.value, answer.confidence)))
        values.update((column.name, cells.get(column.name)) for column in trailing_columns(batch))
        return {name: clean(value) if isinstance(value, str) else value for name, value in values.items()}


def column_types(questions: Sequence[Question], batch: bool = False) -> dict[str, DataType]:
    """Return the data type of every result column, in order. batch: include the columns of `rsgpt batch`."""
    types = {column.name: column.type for column in leading_columns()}
    for question in questions:
        types.update(zip(answer_columns(question.name), (question.type.data, REAL)))
    types.update((column.name, column.type) for column in trailing_columns(batch))
    return types


class RunPrompts:
    """Prompts that a run sends for every picture. The dataclasses of both sides add fields, such as the model.

    caption: prompt of the caption, "" for none. language: requested language of texts, "" for any.
    """

    caption: str
    questions: tuple[Question, ...]
    language: str = ""

    @property
    def limits(self) -> Optional[ModelLimits]:
        """The known limits of the model, None if there are none."""
        return None

    @cached_property
    def asked(self) -> tuple[Question, ...]:
        """All questions in order, including the caption."""
        return ((Question(CAPTION, self.caption),) if self.caption else ()) + self.questions

    @property
    def sent(self) -> tuple[Question, ...]:
        """The questions that the model is asked: all but those beyond its limits."""
        limits = self.limits
        return tuple(question for question in self.asked if limits is None or not limits.refusal(question))

    def describe(self) -> str:
        """Return the text of the `prompt` column: caption prompt, questions and language instruction, one per line."""
        instruction = language_instruction(self.language) if self.language else ""
        return "\n".join(filter(None, [self.caption, *(question.line for question in self.questions), instruction]))


def answered_row(
    questions: Sequence[Question],
    raws: Sequence[RawAnswer],
    min_confidence: float,
    provenance: Mapping[str, Cell],
    *,
    limits: Optional[ModelLimits] = None,
    side: Optional[int] = None,
) -> RowValues:
    """Return the row of an answered picture. raws: one per question, in order.

    min_confidence: 0 to 1; answers with a lower confidence are left empty, except the caption. limits: of the model.
    side: shorter side of the picture in pixels, None if unknown.
    """
    typed = {
        question.name: typed_answer(question, raw, min_confidence, limits) for question, raw in zip(questions, raws)
    }
    problems = [f"{name}: {answer.problem}" for name, answer in typed.items() if answer.problem]
    if any(answer.value is not None for answer in typed.values()):
        gsd_m, is_unusual = provenance.get("gsd_m"), any(raw.is_unusual for raw in raws)
        problems += filter(
            None, [picture_doubts(limits, gsd_m if isinstance(gsd_m, float) else None, side, is_unusual)]
        )
    times = [raw.asked_at for raw in raws if raw.asked_at and not raw.problem]
    parts = {name: raw.answered_by for (name, answer), raw in zip(typed.items(), raws) if answer.value is not None}
    row_provenance = {
        **provenance,
        "asked_at": max(times, default=None),
        ANSWERED_BY: answered_by_text(parts) or None,
    }
    status = status_of(list(typed.values()))
    return RowValues(status, "; ".join(problems), typed.pop(CAPTION, None), typed, row_provenance)


def status_of(answers: Sequence[TypedAnswer]) -> Status:
    """Return the status of a row with these answers."""
    missing = [answer for answer in answers if answer.value is None]
    if not missing:
        return Status.ANSWERED
    if len(missing) < len(answers):
        return Status.PARTIAL
    return Status.UNSURE if any(answer.is_doubt for answer in missing) else Status.FAILED


def lowest_confidence(answers: Mapping[str, TypedAnswer]) -> Optional[float]:
    """Return the lowest confidence of the answers; None if no answer has a confidence."""
    return min((answer.confidence for answer in answers.values() if answer.confidence is not None), default=None)


def typed_answer(
    question: Question, raw: RawAnswer, min_confidence: float, limits: Optional[ModelLimits] = None
) -> TypedAnswer:
    """Return the value of a reply; except for captions, None below `min_confidence` (0 to 1).

    There is no value either if the question is beyond the limits of the model: its reply would be a guess.
    """
    if question.name == CAPTION:
        return read_answer(question, raw)
    refusal = limits.refusal(question) if limits is not None else ""
    return (
        TypedAnswer(None, None, refusal, True)
        if refusal
        else hide_if_unsure(read_answer(question, raw), min_confidence)
    )
