"""What the classifier answers: whether a thing is present, and which of the listed kinds an area is.

It answers only what it can: about a thing that it knows, without an adjective or a condition such as "on the road". For
a kind of area in free words or among choices that it cannot distinguish, and for the place of a thing that the finder
does not know, it proposes answers, of which the language model chooses one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from rsgpt_plugin.shared.answers.places import PLACES

from ...model.config import ClassifierConfig
from ...model.heads.kinds import are_distinct, name_kinds, named_by, names_of, shares_of_options
from ...model.rsgpt import Rsgpt
from ...predictor import Ask, Step
from ..answer_row import AnswerRow, check_finite
from ..choices import YES_NO, Proposal
from .object_nouns import meant_by, thing_of

_COVERED = 0.5  # minimum probability that the kind of area is among the listed ones
_POSSIBLE = 0.05  # minimum probability of a kind whose names are proposed
_UNLIKELY = 0.02  # minimum probability of a listed choice: the classifier may not know what its words mean
_AREA = -1  # instead of the number of an output of the classifier: the kind of area is asked
_ELSEWHERE = 0.02  # added to the share of each place, because the map of a thing is coarse


class ClassifierAnswers:
    """Answers the asks of a batch that the model's classifier can answer."""

    def __init__(self, model: Rsgpt, encode: Callable[[Sequence[Ask]], Tensor]) -> None:
        """model: may be without a classifier; then no ask is answered. encode: returns the features of the pictures."""
        self._model, self._encode = model, encode

    def stream(self, rows: Sequence[AnswerRow]) -> Iterator[Step]:
        """Yield the token and the answer of each row that the classifier can answer.

        The index of a step is the row's.
        """
        config, classifier = self._model.config.classifier, self._model.classifier
        if config is None or classifier is None:
            return
        asked = [index for index, row in enumerate(rows) if not row.ask.cancel.is_set() and _is_answerable(row, config)]
        if not asked:
            return
        things, kinds = map(_checked, classifier(self._encode([rows[index].ask for index in asked])))
        present, kind_shares = torch.sigmoid(things).tolist(), torch.softmax(kinds, dim=1).tolist()
        for index, presence, shares in zip(asked, present, kind_shares, strict=True):
            row = rows[index]
            found = _presence(row, config, presence) or _kind(row.ask, config, shares)
            if found:
                yield Step(index, token=row.select(*found))
                yield Step(index, answer=row.finish("stop"))

    def propose(self, rows: Sequence[AnswerRow]) -> None:
        """Propose answers to the rows that ask for the kind of area or for a place."""
        config, classifier = self._model.config.classifier, self._model.classifier
        if config is None or classifier is None:
            return
        outputs = [None if row.ask.cancel.is_set() else _mapped(row, config) for row in rows]
        asked = [(row, output) for row, output in zip(rows, outputs, strict=True) if output is not None]
        if not asked:
            return
        maps = _checked(torch.cat(classifier.maps(self._encode([row.ask for row, _ in asked])), dim=2))
        for (row, output), logits in zip(asked, maps, strict=True):
            row.propose(_areas(logits, config, row.ask.choices) if output == _AREA else _places(logits[:, output]))


def _is_answerable(row: AnswerRow, config: ClassifierConfig) -> bool:
    return _thing(row, config) is not None or (bool(row.ask.choices) and _is_about_area(row))


def _is_about_area(row: AnswerRow) -> bool:
    return row.question is not None and row.question.kind == "area"


def _mapped(row: AnswerRow, config: ClassifierConfig) -> int | None:
    """Return the number of the output whose place is asked, _AREA if the kind of area is, and None otherwise."""
    ask, question = row.ask, row.question
    if question is None or question.kind != "place":
        return _AREA if _is_about_area(row) and (not ask.choices or name_kinds(ask.choices)) else None
    if ask.choices != PLACES or ask.is_whole_number:
        return None
    thing = thing_of(question.noun, config.things)
    if thing:
        return config.things.index(thing)
    group = meant_by(question.noun, {group: names_of(group) for group in config.kinds})
    return None if group is None else len(config.things) + config.kinds.index(group)


def _checked(outputs: Tensor) -> Tensor:
    """Return the outputs of the classifier. Raises EngineError if one is not finite: NaN would look like "no"."""
    check_finite(outputs.flatten().tolist())
    return outputs


def _areas(outputs: Tensor, config: ClassifierConfig, choices: Sequence[str]) -> Proposal:
    """Return the choices, or without them the names of the likely kinds of area.

    outputs: logits of each cell, [cells, things and kinds].
    """
    shares = torch.softmax(outputs.mean(0)[len(config.things) :], dim=0).tolist()
    probabilities = dict(zip(config.kinds, shares, strict=True))
    names = named_by(probabilities, _POSSIBLE)
    if choices:
        names = dict(zip(choices, shares_of_options(probabilities, choices), strict=True))
    logprobs = {name: math.log(max(share, _UNLIKELY)) for name, share in names.items()}
    return Proposal(logprobs, "choice" if choices else "area")


def _places(logits: Tensor) -> Proposal:
    """Return the nine places, with the share of each cell divided among those that it overlaps.

    logits: of each cell of a square grid, row by row.
    """
    shares = torch.softmax(logits.float(), dim=0).view(1, 1, math.isqrt(len(logits)), -1)
    fine = F.interpolate(shares, scale_factor=3, mode="nearest")[0, 0] / 9
    ninths = F.avg_pool2d(fine[None], len(fine) // 3)[0].flatten() * (len(fine) // 3) ** 2 + _ELSEWHERE
    return Proposal(dict(zip(PLACES, ninths.log().tolist(), strict=True)), "place")


def _thing(row: AnswerRow, config: ClassifierConfig) -> str | None:
    """Return the thing whose presence an ask is for, None if it is for something else."""
    question = row.question
    if question is None or question.kind != "presence" or question.adjectives or question.qualifier:
        return None
    return thing_of(question.noun, config.things) if set(row.ask.choices) == set(YES_NO) else None


def _presence(
    row: AnswerRow, config: ClassifierConfig, probabilities: Sequence[float]
) -> tuple[str, float, str] | None:
    """Return yes or no, its probability and its form. probabilities: of the things that they are present."""
    thing = _thing(row, config)
    if thing is None:
        return None
    probability = probabilities[config.things.index(thing)]
    return ("yes", probability, "presence") if probability > 0.5 else ("no", 1 - probability, "presence")


def _kind(ask: Ask, config: ClassifierConfig, probabilities: Sequence[float]) -> tuple[str, float, str] | None:
    """Return the likeliest of the listed kinds, its probability and its form. probabilities: of the kinds."""
    if not are_distinct(ask.choices):
        return None
    shares = shares_of_options(dict(zip(config.kinds, probabilities, strict=True)), ask.choices)
    if sum(shares) < _COVERED:
        return None
    share, choice = max(zip(shares, ask.choices, strict=True))
    return choice, share / sum(shares), "kind"
