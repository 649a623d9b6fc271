"""A question set derived from captions and scene labels, for pictures that have no questions of their own.

Presence is asked with honest negatives: an object that none of a picture's sentences names, and that hardly
any picture of the same scene has; of those there are then zero. What people leave unsaid (the trees along a
freeway) is claimed absent only in scenes that have none. A claim rests on at least two distinct sentences: what
one person names or leaves out of one sentence decides nothing.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rsgpt_plugin.shared.answers.answer_types import AnswerType

from ...data.annotations import CaptionRecord, QuestionRecord
from ...data.objects import (
    COLORED_NOUNS,
    COUNTED,
    COUNTRYSIDE,
    MIN_AGREEING,
    OBJECTS,
    TOWN,
    UNSAID,
    agreed,
    color_pattern,
    count_pattern,
    distinct,
    mentions,
    scene_name,
)
from .prompts import (
    ALTERNATIVE_PROMPTS,
    SCENE_PROMPTS,
    beside_prompts,
    colour_prompts,
    count_prompts,
    presence_prompts,
    with_article,
)
from .surroundings import neighbours
from .texts import is_oriented

ABSENT_RATE = 0.02  # share of a scene's pictures that may name an object that is claimed absent
MIN_SCENE = 10  # pictures of a scene below which nothing is claimed absent

_ALTERNATIVES = 3  # other scenes that a picture's own is held against
_COUNTABLE = frozenset(name for name, _ in COUNTED) | {"cars", "mobile homes"}


@dataclass(frozen=True)
class TrainingExample:
    """One thing to learn about one picture.

    prompts: wordings of the same question, one is drawn each time; answers: all true, all learnt;
    kind: caption, detail, scene, choice, alternative, presence, quantity, position, colour, surroundings;
    oriented: whether it is false of a turned picture.
    """

    filename: str
    prompts: tuple[str, ...]
    answers: tuple[str, ...]
    kind: str
    oriented: bool


def derived_questions(records: Sequence[CaptionRecord]) -> list[TrainingExample]:
    """Scene, choice, alternative, presence, quantity, colour and surroundings questions of captioned pictures."""
    scenes = sorted({scene_name(record.scene) for record in records if record.scene})
    counts = [mentions(record.captions) for record in records]
    rates = _mention_rates(records, counts)
    examples: list[TrainingExample] = []
    for record, count in zip(records, counts, strict=True):
        examples.extend(_scene(record))
        others = _other_scenes(record, scenes)
        examples.extend(_choice(record, others))
        examples.extend(_alternatives(record, others))
        examples.extend(_presence(record, count, rates.get(record.scene, {})))
        examples.extend(_counts_and_colours(record))
        examples.extend(_surroundings(record))
    return examples


def asked_question(question: QuestionRecord) -> TrainingExample:
    """A question of a data set, in its own wording and, where its kind is known, in others."""
    prompts = (question.question, *_rewordings(question))
    oriented = question.kind == "position" or is_oriented(question.question + " " + question.answer)
    return TrainingExample(question.filename, prompts, (question.answer.strip(),), question.kind, oriented)


def _rewordings(question: QuestionRecord) -> tuple[str, ...]:
    text = question.question
    if question.kind == "quantity" and text.startswith("How many ") and text.endswith(" in the picture?"):
        return count_prompts(text[len("How many ") : -len(" in the picture?")])
    if question.kind == "presence" and text.startswith("Does this picture contain "):
        return presence_prompts({"an airplane?": "airplanes", "trees?": "trees"}.get(text[26:], text[26:-1]))
    return ()


def _scene(record: CaptionRecord) -> Iterator[TrainingExample]:
    if record.scene:
        yield TrainingExample(record.filename, SCENE_PROMPTS, (scene_name(record.scene),), "scene", False)


def _choice(record: CaptionRecord, others: Sequence[str]) -> Iterator[TrainingExample]:
    """The scene again, among others, in the words that QGIS's side uses; the same options at each call."""
    if not others:
        return
    truth = scene_name(record.scene)
    rng = random.Random(record.filename)  # nosec B311 - choosing wrong options is no secret
    prompts = []
    for prompt in SCENE_PROMPTS:
        options = [truth, *rng.sample(others, min(rng.randint(1, 4), len(others)))]
        rng.shuffle(options)
        prompts.append(AnswerType.CHOICE.prompt(prompt, options))
    yield TrainingExample(record.filename, tuple(prompts), (truth,), "choice", False)


def _alternatives(record: CaptionRecord, others: Sequence[str]) -> Iterator[TrainingExample]:
    """The scene held against another, and a town against the countryside: a question with an "or", not a yes or no."""
    truth = scene_name(record.scene)
    rng = random.Random(f"{record.filename}/or")  # nosec B311 - as above
    if others:
        rivals = rng.sample(others, min(_ALTERNATIVES, len(others)))
        pairs = [(with_article(truth), with_article(rival)) for rival in rivals]
        yield _either(record, pairs, truth, rng)
    if truth in TOWN or truth in COUNTRYSIDE:
        in_town = truth in TOWN
        yield _either(record, [("urban", "rural")], "urban" if in_town else "rural", rng)
        yield _either(record, [("a town", "the countryside")], "a town" if in_town else "the countryside", rng)


def _either(
    record: CaptionRecord, pairs: Sequence[tuple[str, str]], answer: str, rng: random.Random
) -> TrainingExample:
    prompts = [prompt.format(*rng.sample(pair, 2)) for prompt in ALTERNATIVE_PROMPTS for pair in pairs]
    return TrainingExample(record.filename, tuple(prompts), (answer,), "alternative", False)


def _other_scenes(record: CaptionRecord, scenes: Sequence[str]) -> list[str]:
    """Those that a picture surely does not show; none where it has no label."""
    truth = scene_name(record.scene)
    return [name for name in scenes if name not in truth and truth not in name] if record.scene else []


def _presence(record: CaptionRecord, count: dict[str, int], rates: dict[str, float]) -> Iterator[TrainingExample]:
    is_described = _is_described(record)
    for name in OBJECTS:
        if count[name] >= MIN_AGREEING:
            yield TrainingExample(record.filename, presence_prompts(name), ("yes",), "presence", False)
        elif count[name] == 0 and is_described and _is_absent(name, record, rates):
            yield TrainingExample(record.filename, presence_prompts(name), ("no",), "presence", False)
            if name in _COUNTABLE:
                yield TrainingExample(record.filename, count_prompts(name), ("zero",), "quantity", False)


def _is_absent(name: str, record: CaptionRecord, rates: dict[str, float]) -> bool:
    """Whether the silence about an object means that it is not there: pictures of that scene hardly have it."""
    silent = rates.get(name, 1.0) <= ABSENT_RATE
    return silent and (name not in UNSAID or scene_name(record.scene) in UNSAID[name])


def _is_described(record: CaptionRecord) -> bool:
    """Whether enough people described the picture for their silence about an object to mean something."""
    return len(distinct(record.captions)) >= MIN_AGREEING


def _counts_and_colours(record: CaptionRecord) -> Iterator[TrainingExample]:
    for name, forms in COUNTED:
        number = agreed(count_pattern(forms), record.captions)
        if number:
            yield TrainingExample(record.filename, count_prompts(name), (number,), "quantity", False)
    for noun in COLORED_NOUNS:
        colour = agreed(color_pattern(noun), record.captions)
        if colour:
            yield TrainingExample(
                record.filename, colour_prompts(noun), (colour.replace("grey", "gray"),), "colour", False
            )


def _surroundings(record: CaptionRecord) -> Iterator[TrainingExample]:
    for noun, near in neighbours(record.captions).items():
        yield TrainingExample(record.filename, beside_prompts(noun), near, "surroundings", False)


def _mention_rates(records: Sequence[CaptionRecord], counts: Sequence[dict[str, int]]) -> dict[str, dict[str, float]]:
    """Scene -> object -> share of its pictures that name it; scenes with few pictures are left out.

    Pictures with one distinct sentence say too little to count, and those without a label are of no one scene.
    """
    grouped: dict[str, list[dict[str, int]]] = defaultdict(list)
    for record, count in zip(records, counts, strict=True):
        if record.scene and _is_described(record):
            grouped[record.scene].append(count)
    return {
        scene: {name: sum(c[name] > 0 for c in members) / len(members) for name in OBJECTS}
        for scene, members in grouped.items()
        if len(members) >= MIN_SCENE
    }
