"""Which columns of a layer of results hold what, whatever was made of their names. Reads no rows, says nothing.

Processing puts `_2` behind a name that the described features have already; a Shapefile cuts names to ten characters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

from qgis.core import QgsVectorLayer

from ...shared.results.columns import ANSWER, CAPTION, KEYS, QUESTION, answer_columns, fixed_names, reserved_names

_CUT, _STEM = 10, 8  # of a Shapefile's names, and of those among them that would be equal, before a number


@dataclass(frozen=True)
class Answered:
    """A question's columns. asked: the question's name, as far as the format left it. name: of the answer's column.

    model: what the model said before a person corrected it; None where there is none.
    """

    asked: str
    name: str
    confidence: str
    model: Optional[str] = None


@dataclass(frozen=True)
class ResultColumns:
    """A layer's columns by what they hold.

    known: the layer's name of each column that results have, by the name it was given. own: those that the
    described features had before.
    """

    known: Mapping[str, str]
    questions: tuple[Answered, ...]
    own: tuple[str, ...]

    @property
    def text(self) -> Optional[str]:
        """The column of the caption; in the layer of clicks, of the answer."""
        return self.known.get(CAPTION) or self.known.get(ANSWER)

    @property
    def holds_clicks(self) -> bool:
        """Whether each row is one question with its answer, as in the layer that clicks fill."""
        return QUESTION in self.known and ANSWER in self.known

    @property
    def are_cut(self) -> bool:
        """Whether the format cut the names."""
        return self.known.get("image_sha256") == "image_sha256"[:_CUT]

    def present(self, names: Sequence[str]) -> list[str]:
        """The layer's own names of those of `names` that it has."""
        return [self.known[name] for name in names if name in self.known]

    def answered(self, asked: str) -> Optional[Answered]:
        """The columns of the question of that name; None where, of cut names, it might be another's."""
        exact = [found for found in self.questions if found.asked == asked]
        alike = [found for found in self.questions if found.asked[:_STEM] == asked[:_STEM]] if self.are_cut else []
        if not exact and len(alike) == 1 and alike[0].asked == asked[:_CUT]:
            return alike[0]
        return exact[0] if exact else None

    def model_of(self, name: str) -> str:
        """What the column is called, or would be, that keeps what the model said where a person corrected `name`."""
        return _model_of(name, [answered.name for answered in self.questions])


def result_columns(layer: QgsVectorLayer) -> ResultColumns:
    """Find out what a layer's columns hold."""
    names = layer.fields().names()
    questions = _questions(names)
    taken = {name for found in questions for name in (found.name, found.confidence, found.model)}
    free = [name for name in names if name not in taken]
    known = _known(free)
    others = {*known.values(), *KEYS}
    return ResultColumns(known, questions, tuple(name for name in free if name not in others))


def _questions(names: Sequence[str]) -> tuple[Answered, ...]:
    reserved = reserved_names()
    asked = [name for name in names if name not in reserved and answer_columns(name)[1] in names]
    found = [(name, _ours(names, name), _ours(names, answer_columns(name)[1])) for name in asked]
    if "image_sha256" not in names and "image_sha256"[:_CUT] in names:
        found = [(name, name, confidence) for name, confidence in _in_pairs(names)]
    answers = [name for _, name, _ in found]
    return tuple(Answered(*parts, _find(names, _model_of(parts[1], answers))) for parts in found)


def _in_pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    """Cut, a name and that of its confidence may be anything: but they stand where `output_fields` puts them."""
    confidence, status = _find(names, "confidence"), _find(names, "status")
    if confidence is None or status is None:
        return []
    between = names[names.index(confidence) + 1 : names.index(status)]
    return list(zip(between[::2], between[1::2]))


def _known(names: Sequence[str]) -> dict[str, str]:
    found = {wanted: _find(names, wanted) for wanted in fixed_names()}
    if found[CAPTION] is None:
        found.update({wanted: _find(names, wanted) for wanted in (QUESTION, ANSWER)})
    for said in (CAPTION, ANSWER):
        column = found.get(said)
        found[f"{said}_model"] = _find(names, _model_of(column, ())) if column else None
    return {wanted: name for wanted, name in found.items() if name is not None}


def _model_of(name: str, answers: Sequence[str]) -> str:
    kept = f"{name}_model"
    while kept in answers:
        kept += "_"
    return kept


def _find(names: Sequence[str], wanted: str) -> Optional[str]:
    return next((name for name in (_ours(names, wanted), wanted[:_CUT]) if name in names), None)


def _ours(names: Sequence[str], wanted: str) -> str:
    """The column that a run wrote, where features brought one of the same name with them."""
    twin = f"{wanted}_2"
    return twin if twin in names and answer_columns(twin)[1] not in names else wanted
