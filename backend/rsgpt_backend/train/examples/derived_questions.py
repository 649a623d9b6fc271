"""Questions derived from captions and scene labels, for pictures without annotated questions.

Negative presence answers (and counts of zero) are only derived for an object that no sentence of the picture names
and that hardly any picture of the scene has. Objects that people often do not mention (trees along a freeway) count
as absent only in scenes that never have them. Each answer needs at least two distinct sentences, because a single
sentence may leave out anything.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rsgpt_plugin.shared.answers.answer_types import AnswerType
from rsgpt_plugin.shared.vocabulary.kinds import KINDS, excluded_groups, groups_of

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
    color_prompts,
    count_prompts,
    presence_prompts,
    with_article,
)
from .surroundings import neighbors
from .texts import is_oriented

ABSENT_RATE = 0.02  # maximum share of a scene's pictures that name an object, for it to count as absent in others
MIN_SCENE = 10  # minimum number of pictures of a scene, for objects to count as absent

_ALTERNATIVES = 3  # other scenes in questions with an "or"
_COUNTABLE = frozenset(name for name, _ in COUNTED) | {"cars", "mobile homes"}


@dataclass(frozen=True)
class TrainingExample:
    """A question about one picture with its answers.

    prompts: wordings of the question, of which one is drawn each time; answers: all are true and learned; kind:
    caption, detail, scene, choice, alternative, presence, quantity, position, colour, or surroundings; oriented:
    whether the answers are wrong for a rotated picture.
    """

    filename: str
    prompts: tuple[str, ...]
    answers: tuple[str, ...]
    kind: str
    oriented: bool


def derived_questions(records: Sequence[CaptionRecord]) -> list[TrainingExample]:
    """Return scene, choice, alternative, presence, quantity, color, and surroundings questions of the pictures."""
    scenes = sorted({scene_name(record.scene) for record in records if record.scene})
    counts = [mentions(record.captions) for record in records]
    rates = _mention_rates(records, counts)
    examples: list[TrainingExample] = []
    for record, count in zip(records, counts, strict=True):
        examples.extend(_scene(record))
        others = _other_scenes(record, scenes)
        examples.extend(_choices(record, others))
        examples.extend(_alternatives(record, others))
        examples.extend(_presence(record, count, rates.get(record.scene, {})))
        examples.extend(_counts_and_colors(record))
        examples.extend(_surroundings(record))
    return examples


def presence_examples(filename: str, names: Sequence[str], is_present: bool) -> Iterator[TrainingExample]:
    """Yield a question about the presence of one thing for each of its names."""
    for name in names:
        yield TrainingExample(filename, presence_prompts(name), ("yes" if is_present else "no",), "presence", False)


def asked_question(question: QuestionRecord) -> TrainingExample:
    """Return a question of a data set in its own wording and, if its kind is known, in others."""
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


def choice_example(filename: str, truth: str, rivals: Sequence[Sequence[str]]) -> TrainingExample:
    """Ask for the kind of area among others, in the wording of the plugin, with other options in each prompt.

    truth: the right answer; rivals: for each wrong kind, its names.
    """
    rng = random.Random(filename)  # nosec B311 - choosing wrong options is no secret
    prompts = []
    for prompt in SCENE_PROMPTS:
        wrong = rng.sample(rivals, min(rng.randint(1, 6), len(rivals)))
        options = [truth, *(rng.choice(rival) for rival in wrong)]
        rng.shuffle(options)
        prompts.append(AnswerType.CHOICE.prompt(prompt, options))
    return TrainingExample(filename, tuple(prompts), (truth,), "choice", False)


def _choices(record: CaptionRecord, others: Sequence[str]) -> Iterator[TrainingExample]:
    """Ask for the scene among other scenes, by the names of the data set and by common names."""
    if others:
        truth = scene_name(record.scene)
        yield choice_example(record.filename, truth, [[other] for other in others])
        groups = groups_of([truth])
        rivals = [KINDS[group] for group in sorted(groups_of(others) - groups)]
        if groups and rivals:
            names = [name for group in sorted(groups) for name in KINDS[group]]
            rng = random.Random(record.filename)  # nosec B311 - choosing a name is no secret
            yield choice_example(record.filename, rng.choice(names), rivals)


def _alternatives(record: CaptionRecord, others: Sequence[str]) -> Iterator[TrainingExample]:
    """Ask questions with an "or": the scene or another one, a town or the countryside."""
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
    """Return the scenes that a picture certainly does not show; none if it has no label."""
    if not record.scene:
        return []
    truth = scene_name(record.scene)
    others = [name for name in scenes if name not in truth and truth not in name]
    groups = groups_of([truth])
    excluded = set(excluded_groups(groups))
    return [name for name in others if not groups or groups_of([name]) <= excluded]


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
    """Whether an object that is not mentioned is absent, because pictures of that scene hardly ever have it."""
    is_rare = rates.get(name, 1.0) <= ABSENT_RATE
    return is_rare and (name not in UNSAID or scene_name(record.scene) in UNSAID[name])


def _is_described(record: CaptionRecord) -> bool:
    """Whether enough distinct sentences describe the picture to conclude that an object they do not name is absent."""
    return len(distinct(record.captions)) >= MIN_AGREEING


def _counts_and_colors(record: CaptionRecord) -> Iterator[TrainingExample]:
    for name, forms in COUNTED:
        number = agreed(count_pattern(forms), record.captions)
        if number:
            yield TrainingExample(record.filename, count_prompts(name), (number,), "quantity", False)
    for noun in COLORED_NOUNS:
        color = agreed(color_pattern(noun), record.captions)
        if color:
            yield TrainingExample(
                record.filename, color_prompts(noun), (color.replace("grey", "gray"),), "colour", False
            )


def _surroundings(record: CaptionRecord) -> Iterator[TrainingExample]:
    for noun, near in neighbors(record.captions).items():
        yield TrainingExample(record.filename, beside_prompts(noun), near, "surroundings", False)


def _mention_rates(records: Sequence[CaptionRecord], counts: Sequence[dict[str, int]]) -> dict[str, dict[str, float]]:
    """Return for each scene with enough pictures the share of its pictures that name each object.

    Pictures without a scene label or with only one distinct sentence are not counted.
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
