"""The columns of a result and a tile's row in them, as the plugin writes them. Knows no file format and no journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import pyarrow as pa

from rsgpt_plugin.shared.answers import RawAnswer, TypedAnswer, kept_if_sure, read_answer
from rsgpt_plugin.shared.questions import CAPTION, AnswerType, Question, columns

from .. import __version__
from .journal import Found
from .pictures import Plan

_ANSWER_TYPES = {
    AnswerType.TEXT: pa.string(),
    AnswerType.CHOICE: pa.string(),
    AnswerType.YESNO: pa.bool_(),
    AnswerType.INTEGER: pa.int32(),
}
_PROVENANCE = {
    "status": pa.string(),
    "reason": pa.string(),
    "model": pa.string(),
    "weights_sha256": pa.string(),
    "prompt": pa.string(),
    "image_sha256": pa.string(),
    "gsd_m": pa.float64(),
    "bands": pa.string(),
    "stretch": pa.string(),
    "asked_at": pa.timestamp("ms", tz="UTC"),
    "plugin_version": pa.string(),
    "raster": pa.string(),
}


@dataclass(frozen=True)
class Asking:
    """What is asked of every tile, and of which model. caption: its prompt, "" for none. precision: as it was wished.

    least_confidence: an answer to a question that is less sure, 0 to 1, is not told.
    """

    model: str
    weights_sha256: str
    caption: str
    questions: tuple[Question, ...] = ()
    least_confidence: float = 0.0
    precision: str = "auto"

    @cached_property
    def asked(self) -> tuple[Question, ...]:
        """Everything that is asked, in order; the caption is a question too."""
        return ((Question(CAPTION, self.caption),) if self.caption else ()) + self.questions

    def describe(self) -> str:
        """For the `prompt` column: the caption's prompt and the questions, one a line."""
        return "\n".join([*filter(None, [self.caption]), *(question.line for question in self.questions)])


@dataclass(frozen=True)
class Reading:
    """Turns what is known of tiles into rows. prompts: the journal's number of each thing asked, in order."""

    asking: Asking
    prompts: Sequence[int]

    @cached_property
    def schema(self) -> pa.Schema:
        """Caption, one column a question and its confidence, then provenance."""
        fields = [(CAPTION, pa.string()), ("confidence", pa.float64())]
        for question in self.asking.questions:
            name, confidence = columns(question.name)
            fields += [(name, _ANSWER_TYPES[question.type]), (confidence, pa.float64())]
        return pa.schema(fields + list(_PROVENANCE.items()))

    def rows(self, plan: Plan, tiles: Sequence[Found]) -> Iterator[dict[str, Any]]:
        """A row by column for each tile of a raster; a column that is left out is empty."""
        shown = {
            "model": self.asking.model,
            "weights_sha256": self.asking.weights_sha256,
            "prompt": self.asking.describe(),
            "bands": plan.bands.describe(),
            "stretch": plan.stretch.describe(plan.bands.numbers),
            "plugin_version": __version__,
            "raster": plan.source,
        }
        for found in tiles:
            yield {**shown, **self._row(found)}

    def is_whole(self, found: Found) -> bool:
        """Whether nothing is left to ask of a tile."""
        return bool(found.failed or found.skipped) or found.answers.keys() >= set(self.prompts)

    def _row(self, found: Found) -> dict[str, Any]:
        if found.failed:
            return {"status": "failed", "reason": found.failed, "bands": None, "stretch": None}
        seen = {"image_sha256": found.image_sha256, "gsd_m": found.gsd_m}
        if found.skipped:
            return {**seen, "status": "skipped", "reason": found.skipped}
        raws = dict(zip((question.name for question in self.asking.asked), self._raws(found), strict=True))
        typed = {question.name: self._typed(question, raws[question.name]) for question in self.asking.asked}
        problems = [f"{name}: {one.problem}" for name, one in typed.items() if one.problem]
        moments = [raw.asked_at for raw in raws.values() if not raw.problem]
        return {
            **seen,
            **_answers(typed),
            "status": _status(list(typed.values())),
            "reason": "; ".join(problems) or None,
            "asked_at": datetime.fromisoformat(max(moments)) if moments else None,
        }

    def _raws(self, found: Found) -> list[RawAnswer]:
        return [found.answers[prompt] for prompt in self.prompts]

    def _typed(self, question: Question, raw: RawAnswer) -> TypedAnswer:
        least = 0.0 if question.name == CAPTION else self.asking.least_confidence
        return kept_if_sure(read_answer(question, raw), least)


def _answers(typed: Mapping[str, TypedAnswer]) -> dict[str, Any]:
    """By column. `confidence` is the caption's, or, where none was asked for, the lowest of the answers'."""
    row: dict[str, Any] = {}
    for name, one in typed.items():
        value, confidence = (CAPTION, "confidence") if name == CAPTION else columns(name)
        row[value], row[confidence] = one.value, one.confidence
    sure = [one.confidence for one in typed.values() if one.confidence is not None]
    return row if CAPTION in typed else {**row, "confidence": min(sure, default=None)}


def _status(answers: Sequence[TypedAnswer]) -> str:
    missing = [answer for answer in answers if answer.value is None]
    if not missing:
        return "answered"
    if len(missing) < len(answers):
        return "partial"
    return "unsure" if any(answer.confidence is not None for answer in missing) else "failed"
