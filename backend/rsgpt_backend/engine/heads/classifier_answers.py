"""What the classifier answers: whether a thing is present, and which of the listed kinds an area is.

It answers only what it can: about a thing that it knows, without an adjective or a condition such as "on the road". If
it does not see a thing, its number is 0, and an answer to where it is gets a low confidence. For a kind of area in free
words or among choices that it cannot distinguish, and for the number or the place of a thing that the finder does not
know, it proposes answers, of which the language model chooses one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from rsgpt_plugin.shared.answers.answered_by import CLASSIFIER
from rsgpt_plugin.shared.answers.places import PLACES
from rsgpt_plugin.shared.vocabulary.kinds import are_distinct, name_kinds, named_by, names_of, shares_of_options
from rsgpt_plugin.shared.vocabulary.object_nouns import meant_by, thing_of

from ...model.config import ClassifierConfig
from ...model.rsgpt import Rsgpt
from ...predictor import Ask, Step
from ..answer_row import AnswerRow, check_finite
from ..choices import Proposal
from ..confidence import YES_NO
from .question_reader import ParsedQuestion

_COVERED = 0.5  # minimum probability that the kind of area is among the listed ones
_POSSIBLE = 0.05  # minimum probability of a kind whose names are proposed
_UNLIKELY = 0.02  # minimum probability of a listed choice: the classifier may not know what its words mean
_ABSENT = 0.2  # below this probability of a thing, the number is 0; above it, the finder counts
_MAX_REDUCTION = 3.0  # of a picture for the encoder; in larger pictures, it may not see small things
_IMPLIED = {  # noun -> thing without which there is none of it
    **dict.fromkeys(("house", "villa", "hut", "dwelling", "roof", "rooftop"), "building"),
    **dict.fromkeys(("jet", "airliner", "jetliner"), "airplane"),
    "auto": "car",
    "crown": "tree",
    "tree crown": "tree",
}
_SURE = 0.98  # maximum probability of a proposed number
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
        asked = [
            index
            for index, row in enumerate(rows)
            if not row.ask.cancel.is_set() and _is_judged(row, config) and not self._may_miss(row)
        ]
        if not asked:
            return
        things, kinds = map(_checked, classifier(self._encode([rows[index].ask for index in asked])))
        present, kind_shares = torch.sigmoid(things).tolist(), torch.softmax(kinds, dim=1).tolist()
        for index, presence, shares in zip(asked, present, kind_shares, strict=True):
            row = rows[index]
            row.presence = _presence(row.question, config, presence)
            found = _answer(row, config, presence, shares)
            if found:
                yield Step(index, token=row.select(*found, CLASSIFIER))
                yield Step(index, answer=row.finish("stop"))

    def propose(self, rows: Sequence[AnswerRow]) -> None:
        """Propose answers to the rows that ask for the kind of area, a number, or a place."""
        config, classifier = self._model.config.classifier, self._model.classifier
        if config is None or classifier is None:
            return
        asked = [
            row
            for row in rows
            if not row.ask.cancel.is_set()
            and _has_proposal(row, config)
            and not (row.ask.is_whole_number and self._may_miss(row))
        ]
        if not asked:
            return
        maps = _checked(torch.cat(classifier.maps(self._encode([row.ask for row in asked])), dim=2))
        for row, logits in zip(asked, maps, strict=True):
            row.propose(_proposal(row, config, logits))

    def _may_miss(self, row: AnswerRow) -> bool:
        """Return whether the number or place of things is asked that may be too small for the encoder."""
        is_about_things = row.ask.is_whole_number or row.ask.choices == PLACES
        return is_about_things and max(row.ask.image.size) > _MAX_REDUCTION * self._model.config.vision.image_size


def _is_judged(row: AnswerRow, config: ClassifierConfig) -> bool:
    """Return whether the scores of a picture may answer an ask, or change the confidence of its answer."""
    question, choices = row.question, row.ask.choices
    if question and question.kind == "place":
        return choices == PLACES and thing_of(question.noun, config.things) is not None
    if question is None or question.qualifier:
        return False
    if question.kind == "presence":
        is_plain = set(choices) == set(YES_NO) and not question.adjectives
        return is_plain and thing_of(question.noun, config.things) is not None
    if question.kind == "number":
        return row.ask.is_whole_number and "0" in choices and implied_thing(question.noun, config) is not None
    return question.kind == "area" and bool(choices)


def implied_thing(noun: str, config: ClassifierConfig) -> str | None:
    """Return the thing whose absence means that there is none of what the noun names."""
    thing = thing_of(noun, config.things) or meant_by(noun, {part: (part,) for part in _IMPLIED})
    thing = _IMPLIED.get(thing or "", thing)
    return thing if thing in config.things else None


def _presence(question: ParsedQuestion | None, config: ClassifierConfig, present: Sequence[float]) -> float | None:
    """Return the probability of the thing that a question names, None if it names none that the classifier knows.

    present: probability of each thing that it is there.
    """
    thing = thing_of(question.noun, config.things) if question else None
    return None if thing is None else present[config.things.index(thing)]


def _answer(
    row: AnswerRow, config: ClassifierConfig, present: Sequence[float], kinds: Sequence[float]
) -> tuple[str, float, str] | None:
    """Return the answer of a judged row, its probability and its form, None if the scores leave it open.

    present: probability of each thing that it is there; kinds: probability of each kind of area.
    """
    question = row.question
    if question is None or question.kind == "area":
        return _kind(row.ask, config, kinds)
    thing = implied_thing(question.noun, config)
    if question.kind == "place" or thing is None:
        return None
    probability = present[config.things.index(thing)]
    if question.kind == "number":
        return ("0", 1 - probability, "presence") if probability < _ABSENT else None
    return ("yes", probability, "presence") if probability > 0.5 else ("no", 1 - probability, "presence")


def _has_proposal(row: AnswerRow, config: ClassifierConfig) -> bool:
    """Return whether the scores of a picture and its cells make some answers to an ask likelier."""
    question, ask = row.question, row.ask
    if question is None:
        return False
    if question.kind == "area":
        return not ask.choices or name_kinds(ask.choices)
    if question.kind == "number":
        is_plain = ask.is_whole_number and not question.adjectives and not question.qualifier
        return is_plain and thing_of(question.noun, config.things) is not None
    is_place = question.kind == "place" and ask.choices == PLACES and not ask.is_whole_number
    return is_place and _output(question.noun, config) is not None


def _output(noun: str, config: ClassifierConfig) -> int | None:
    """Return the index of the output of the thing or the kind of area that a noun means, None if there is none."""
    thing = thing_of(noun, config.things)
    if thing:
        return config.things.index(thing)
    group = meant_by(noun, {group: names_of(group) for group in config.kinds})
    return None if group is None else len(config.things) + config.kinds.index(group)


def _proposal(row: AnswerRow, config: ClassifierConfig, outputs: Tensor) -> Proposal:
    """Return the proposal for a row that has one. outputs: logits of each cell, [cells, things and kinds]."""
    question = row.question
    output = None if question is None or question.kind == "area" else _output(question.noun, config)
    if question is None or output is None:
        return _areas(outputs, config, row.ask.choices)
    if question.kind == "place":
        return _places(outputs[:, output])
    present = min(max(float(torch.sigmoid(outputs[:, output].mean())), 1 - _SURE), _SURE)
    shares = {number: 1 - present if number == "0" else present for number in row.ask.choices}
    return Proposal({number: math.log(share) for number, share in shares.items()}, "number")


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


def _kind(ask: Ask, config: ClassifierConfig, probabilities: Sequence[float]) -> tuple[str, float, str] | None:
    """Return the likeliest of the listed kinds, its probability and its form. probabilities: of the kinds."""
    if not are_distinct(ask.choices):
        return None
    shares = shares_of_options(dict(zip(config.kinds, probabilities, strict=True)), ask.choices)
    if sum(shares) < _COVERED:
        return None
    share, choice = max(zip(shares, ask.choices, strict=True))
    return choice, share / sum(shares), "kind"
