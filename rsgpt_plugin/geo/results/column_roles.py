"""The roles of a results layer's columns, even if Processing or the file format changed their names.

Processing appends `_2` to names that the described features already have. Shapefiles truncate names to ten characters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

from qgis.core import QgsVectorLayer

from ...shared.results.columns import (
    ANSWER,
    CAPTION,
    KEYS,
    OBJECT,
    QUESTION,
    SEARCH_WINDOW,
    answer_columns,
    fixed_names,
    reserved_names,
)

_NAME_LIMIT, _STEM_LIMIT = 10, 8  # characters of Shapefile names, and of those names that get a number to be unique


@dataclass(frozen=True)
class Answered:
    """The columns of a question.

    asked: the name of the question, possibly truncated. name, confidence: the columns of the answer and its confidence.
    model: the column of the model's answer before a correction, or None.
    """

    asked: str
    name: str
    confidence: str
    model: Optional[str] = None


@dataclass(frozen=True)
class ResultColumns:
    """The columns of a layer by role.

    known: the layer's column names by the names in the results schema. own: the columns of the described features.
    """

    known: Mapping[str, str]
    questions: tuple[Answered, ...]
    own: tuple[str, ...]

    @property
    def text(self) -> Optional[str]:
        """The column of the caption, or of the answer in the layer of clicks."""
        return self.known.get(CAPTION) or self.known.get(ANSWER)

    @property
    def holds_clicks(self) -> bool:
        """Whether each row holds one question and its answer, as in the layer of clicks."""
        return QUESTION in self.known and ANSWER in self.known

    @property
    def holds_objects(self) -> bool:
        """Whether each row holds an object that was found."""
        return OBJECT in self.known

    @property
    def are_truncated(self) -> bool:
        """Whether the file format truncated the names."""
        return self.known.get("image_sha256") == "image_sha256"[:_NAME_LIMIT]

    def present(self, names: Sequence[str]) -> list[str]:
        """Return the layer's column names for those of `names` that it has."""
        return [self.known[name] for name in names if name in self.known]

    def answered(self, asked: str) -> Optional[Answered]:
        """Return the columns of the named question; None if there are none, or if truncated names are ambiguous."""
        exact = [question for question in self.questions if question.asked == asked]
        stem = asked[:_STEM_LIMIT] if self.are_truncated else None
        alike = [question for question in self.questions if question.asked[:_STEM_LIMIT] == stem]
        if not exact and len(alike) == 1 and alike[0].asked == asked[:_NAME_LIMIT]:
            return alike[0]
        return exact[0] if exact else None

    def model_of(self, name: str) -> str:
        """Return the name of the column that keeps the model's answer if a person corrects the column `name`."""
        text = CAPTION if CAPTION in self.known else ANSWER
        existing = {question.name: question.model for question in self.questions}
        existing[self.text or ""] = self.known.get(f"{text}_model")
        return existing.get(name) or _model_of(name, [answered.name for answered in self.questions])


def result_columns(layer: QgsVectorLayer) -> ResultColumns:
    """Return the roles of a layer's columns."""
    names = layer.fields().names()
    questions = _questions(names)
    taken = {name for question in questions for name in (question.name, question.confidence, question.model)}
    free = [name for name in names if name not in taken]
    known = _known(free)
    others = {*known.values(), *KEYS}
    return ResultColumns(known, questions, tuple(name for name in free if name not in others))


def _questions(names: Sequence[str]) -> tuple[Answered, ...]:
    reserved = reserved_names()
    question_names = [name for name in names if name not in reserved and answer_columns(name)[1] in names]
    parts = [(name, _result_name(names, name), _result_name(names, answer_columns(name)[1])) for name in question_names]
    if "image_sha256" not in names and "image_sha256"[:_NAME_LIMIT] in names:
        parts = [(name, name, confidence) for name, confidence in _pairs_by_position(names)]
    answers = [name for _, name, _ in parts]
    others = [name for name in names if name not in answers]  # a truncated `_model` would be the answer itself
    return tuple(
        Answered(asked, name, confidence, _find(others, _model_of(name, answers))) for asked, name, confidence in parts
    )


def _pairs_by_position(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the columns of answers and their confidences, found by the position that `output_fields` gives them."""
    confidence, status = _find(names, "confidence"), _find(names, "status")
    if confidence is None or status is None:
        return []
    between = names[names.index(confidence) + 1 : names.index(status)]
    return list(zip(between[::2], between[1::2]))


def _known(names: Sequence[str]) -> dict[str, str]:
    columns = {wanted: _find(names, wanted) for wanted in fixed_names()}
    if columns[CAPTION] is None:
        columns.update({wanted: _find(names, wanted) for wanted in (QUESTION, ANSWER)})
    if columns[CAPTION] is None and _find(names, SEARCH_WINDOW) is not None:
        columns.update({wanted: _find(names, wanted) for wanted in (OBJECT, SEARCH_WINDOW)})
    for text in (CAPTION, ANSWER):
        column = columns.get(text)
        columns[f"{text}_model"] = _find(names, _model_of(column, ())) if column else None
    return {wanted: name for wanted, name in columns.items() if name is not None}


def _model_of(name: str, answers: Sequence[str]) -> str:
    column = f"{name}_model"
    while column in answers:
        column += "_"
    return column


def _find(names: Sequence[str], wanted: str) -> Optional[str]:
    return next((name for name in (_result_name(names, wanted), wanted[:_NAME_LIMIT]) if name in names), None)


def _result_name(names: Sequence[str], wanted: str) -> str:
    """Return the name of the column that the run wrote, if the features also have a column `wanted`."""
    twin = f"{wanted}_2"
    return twin if twin in names and answer_columns(twin)[1] not in names else wanted
