"""Questions with known answers about validation pictures, on which the confidences of a trained model are fitted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from rsgpt_plugin.shared.answers.answer_types import AnswerType

from ...data.annotations import QuestionRecord
from ...evaluate.ask_all import spread
from ...train.examples.derived_questions import TrainingExample
from ...train.examples.object_questions import MANY
from ...train.examples.samples import Sample

_KINDS = ("presence", "quantity", "position", "choice", "scene", "described kind")
_CHOOSE, _END = AnswerType.CHOICE.prompt("", ("\0",)).split("\0")


def validation_questions(samples: Iterable[Sample], limit: int) -> list[QuestionRecord]:
    """Return at most `limit` questions per kind, evenly spread over pictures and wordings.

    Half of the questions about the presence or the number of a thing are about things that are absent, if there are
    enough of them. Choices are asked as the plugin asks them.
    """
    by_kind: dict[tuple[str, bool], list[TrainingExample]] = defaultdict(list)
    resolutions: dict[str, float | None] = {}
    for sample in samples:
        resolutions[sample.filename] = sample.gsd_m
        for example in (*sample.objects, *(one for kind in _KINDS for one in sample.questions.get(kind, ()))):
            if example.answers[0] != MANY:
                by_kind[example.kind, example.answers[0] in ("no", "zero")].append(example)
    questions = []
    for kind in _KINDS:
        absent = spread(by_kind[kind, True], limit // 2)
        chosen = [*spread(by_kind[kind, False], limit - len(absent)), *absent]
        questions += [
            _question(example, number, resolutions[example.filename]) for number, example in enumerate(chosen)
        ]
    return questions


def _question(example: TrainingExample, number: int, gsd_m: float | None) -> QuestionRecord:
    prompt = example.prompts[number % len(example.prompts)]
    choices: tuple[str, ...] = ()
    if example.kind == "choice":
        prompt, _, listed = prompt.partition(_CHOOSE)
        choices = tuple(listed.removesuffix(_END).split(", "))
    first, *others = example.answers
    return QuestionRecord(example.filename, prompt, first, example.kind, tuple(others), choices, gsd_m)
