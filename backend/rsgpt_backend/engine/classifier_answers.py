"""What the classifier answers: whether a thing is present, and which of the listed kinds an area is.

It answers only what it can: about a thing that it knows, without an adjective or a condition such as "on the road". For
a kind of area in free words it gives the possible names, of which the language model chooses one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from ..data.kinds import named_by, shares_of_options
from ..model.config import ClassifierConfig
from ..model.rsgpt import Rsgpt
from ..predictor import Ask, Step
from .answer_row import AnswerRow
from .choices import question_of
from .object_nouns import thing_of
from .questions.question_kind import kind_of_question

_COVERED = 0.5  # minimum probability that the kind of area is among the listed ones
_POSSIBLE = 0.05  # minimum probability of a kind whose names are proposed
_YES_NO = {"yes", "no"}


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
        asked = [index for index, row in enumerate(rows) if not row.priors and _is_answerable(row.ask, config)]
        if not asked:
            return
        things, kinds = classifier(self._encode([rows[index].ask for index in asked]))
        present, kind_shares = torch.sigmoid(things).tolist(), torch.softmax(kinds, dim=1).tolist()
        for index, presence, shares in zip(asked, present, kind_shares, strict=True):
            row = rows[index]
            if row.ask.cancel.is_set():
                continue
            found = _presence(row.ask, config, presence) or _kind(row.ask, config, shares)
            if found:
                yield Step(index, token=row.select(*found))
                yield Step(index, answer=row.finish("stop"))

    def proposed(self, asks: Sequence[Ask]) -> dict[int, dict[str, float]]:
        """Return the possible answers to free questions for the kind of area, by index of the ask.

        Each answer comes with the logarithm of its probability.
        """
        config, classifier = self._model.config.classifier, self._model.classifier
        if config is None or classifier is None or not self._model.config.answer_kinds:
            return {}
        indices = [index for index, ask in enumerate(asks) if not ask.choices and _is_about_area(ask)]
        if not indices:
            return {}
        _, kinds = classifier(self._encode([asks[index] for index in indices]))
        names = (dict(zip(config.kinds, row, strict=True)) for row in torch.softmax(kinds, dim=1).tolist())
        return {
            index: {name: math.log(share) for name, share in named_by(shares, _POSSIBLE).items()}
            for index, shares in zip(indices, names, strict=True)
        }


def _is_answerable(ask: Ask, config: ClassifierConfig) -> bool:
    return _thing(ask, config) is not None or (bool(ask.choices) and _is_about_area(ask))


def _is_about_area(ask: Ask) -> bool:
    question = kind_of_question(question_of(ask))
    return question is not None and question.kind == "area"


def _thing(ask: Ask, config: ClassifierConfig) -> str | None:
    """Return the thing whose presence an ask is for, None if it is for something else."""
    if ask.choices and set(ask.choices) != _YES_NO:
        return None
    question = kind_of_question(ask.prompt)
    if question is None or question.kind != "presence" or question.thing.adjectives or question.thing.qualifier:
        return None
    return thing_of(question.thing.noun, config.things)


def _presence(ask: Ask, config: ClassifierConfig, probabilities: Sequence[float]) -> tuple[str, float, str] | None:
    """Return yes or no, its probability and its form. probabilities: of the things that they are present."""
    thing = _thing(ask, config)
    if thing is None:
        return None
    probability = probabilities[config.things.index(thing)]
    return ("yes", probability, "presence") if probability > 0.5 else ("no", 1 - probability, "presence")


def _kind(ask: Ask, config: ClassifierConfig, probabilities: Sequence[float]) -> tuple[str, float, str] | None:
    """Return the likeliest of the listed kinds, its probability and its form. probabilities: of the kinds."""
    shares = shares_of_options(dict(zip(config.kinds, probabilities, strict=True)), ask.choices)
    if shares is None or sum(shares) < _COVERED:
        return None
    share, choice = max(zip(shares, ask.choices, strict=True))
    return choice, share / sum(shares), "kind"
