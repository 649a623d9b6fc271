"""A question set derived from captions and scene labels, for pictures that have no questions of their own.

Presence is asked with honest negatives: an object that none of a picture's sentences names, and that hardly
any picture of the same scene has; of those there are then zero. What captions leave out often (trees in a town)
is never claimed absent.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..data.annotations import Captioned, Questioned
from .objects import COLOURED, COUNTED, OBJECTS, agreed, colour_pattern, count_pattern, mentions, scene_name
from .texts import is_oriented

PRESENT_SENTENCES = 2  # of an image's sentences that must name an object before it is claimed
ABSENT_RATE = 0.02  # share of a scene's pictures that may name an object that is claimed absent
MIN_SCENE = 10  # pictures of a scene below which nothing is claimed absent

CAPTION_PROMPTS = (
    "Write a short description for the image.",
    "Briefly describe the content of the image.",
    "Could you use a few words to describe what you perceive in the photo?",
    "Can you briefly explain what you see in the image?",
    "Describe this image.",
    "Describe this area.",
    "What can be seen here?",
)
_SCENE_PROMPTS = (
    "What kind of area is this?",
    "What type of scene is shown?",
    "What type of land use is this?",
    "Which kind of place does the image show?",
    "What is this place?",
    "What is the main land use in this area?",
)
_PRESENCE_PROMPTS = (
    "Are there any {0}?",
    "Are there any {0} in this image?",
    "Is there any {0}?",
    "Do you see any {0}?",
    "Does this picture contain {0}?",
    "Can you see {0} here?",
    "Are {0} visible?",
)
_SINGLE_PRESENCE_PROMPTS = (
    "Is there {0}?",
    "Is there {0} in this image?",
    "Do you see {0}?",
    "Does this picture contain {0}?",
    "Can you see {0} here?",
    "Is {0} visible?",
)
_COUNT_PROMPTS = (
    "How many {0} are there?",
    "How many {0} in the picture?",
    "How many {0} can you see?",
    "What is the number of {0}?",
    "Count the {0}.",
)
_COLOUR_PROMPTS = ("What color is the {0}?", "What is the color of the {0}?", "Which color does the {0} have?")
_COUNTABLE = frozenset(name for name, _ in COUNTED) | {"cars", "mobile homes"}
_SINGLE = frozenset({"sea", "water", "grass", "farmland", "sand", "snow"})


@dataclass(frozen=True)
class Example:
    """One thing to learn about one picture.

    prompts: wordings of the same question, one is drawn each time; answers: all true, all learnt;
    kind: caption, scene, choice, presence (counts of zero too), quantity, position, colour;
    oriented: whether it is false of a turned picture.
    """

    filename: str
    prompts: tuple[str, ...]
    answers: tuple[str, ...]
    kind: str
    oriented: bool


def derived_questions(records: Sequence[Captioned]) -> list[Example]:
    """Scene, choice, presence, quantity and colour questions of captioned pictures."""
    scenes = sorted({scene_name(record.scene) for record in records if record.scene})
    counts = [mentions(record.captions) for record in records]
    rates = _mention_rates(records, counts)
    examples: list[Example] = []
    for record, count in zip(records, counts, strict=True):
        examples.extend(_scene(record))
        examples.extend(_choice(record, scenes))
        examples.extend(_presence(record, count, rates.get(record.scene, {})))
        examples.extend(_counts_and_colours(record))
    return examples


def asked_question(question: Questioned) -> Example:
    """A question of a data set, in its own wording and, where its kind is known, in others."""
    prompts = (question.question, *_rewordings(question))
    oriented = question.kind == "position" or is_oriented(question.question + " " + question.answer)
    return Example(question.filename, prompts, (question.answer.strip(),), question.kind, oriented)


def presence_prompts(name: str) -> tuple[str, ...]:
    """Wordings that ask whether an object is there."""
    if name in _SINGLE:
        return tuple(p.format(f"any {name}") for p in _SINGLE_PRESENCE_PROMPTS)
    patterns = _SINGLE_PRESENCE_PROMPTS if name.startswith(("a ", "an ")) else _PRESENCE_PROMPTS
    return tuple(pattern.format(name) for pattern in patterns)


def count_prompts(name: str) -> tuple[str, ...]:
    """Wordings that ask how many of an object there are."""
    return tuple(pattern.format(name) for pattern in _COUNT_PROMPTS)


def _rewordings(question: Questioned) -> tuple[str, ...]:
    text = question.question
    if question.kind == "quantity" and text.startswith("How many ") and text.endswith(" in the picture?"):
        return count_prompts(text[len("How many ") : -len(" in the picture?")])
    if question.kind == "presence" and text.startswith("Does this picture contain "):
        return presence_prompts({"an airplane?": "airplanes", "trees?": "trees"}.get(text[26:], text[26:-1]))
    return ()


def _scene(record: Captioned) -> Iterator[Example]:
    if record.scene:
        yield Example(record.filename, _SCENE_PROMPTS, (scene_name(record.scene),), "scene", False)


def _choice(record: Captioned, scenes: Sequence[str]) -> Iterator[Example]:
    """The scene again, among others, in the words that QGIS's side uses; the same options at each call."""
    truth = scene_name(record.scene)
    others = [name for name in scenes if name not in truth and truth not in name]
    if not record.scene or not others:
        return
    rng = random.Random(record.filename)  # nosec B311 - choosing wrong options is no secret
    prompts = []
    for prompt in _SCENE_PROMPTS:
        options = [truth, *rng.sample(others, min(rng.randint(1, 4), len(others)))]
        rng.shuffle(options)
        prompts.append(f"{prompt} Choose one of: {', '.join(options)}.")
    yield Example(record.filename, tuple(prompts), (truth,), "choice", False)


def _presence(record: Captioned, count: dict[str, int], rates: dict[str, float]) -> Iterator[Example]:
    for name in OBJECTS:
        if count[name] >= min(PRESENT_SENTENCES, len(record.captions)):
            yield Example(record.filename, presence_prompts(name), ("yes",), "presence", False)
        elif count[name] == 0 and rates.get(name, 1.0) <= ABSENT_RATE:
            yield Example(record.filename, presence_prompts(name), ("no",), "presence", False)
            if name in _COUNTABLE:
                yield Example(record.filename, count_prompts(name), ("zero",), "presence", False)


def _counts_and_colours(record: Captioned) -> Iterator[Example]:
    for name, forms in COUNTED:
        number = agreed(count_pattern(forms), record.captions)
        if number:
            yield Example(record.filename, count_prompts(name), (number,), "quantity", False)
    for noun in COLOURED:
        colour = agreed(colour_pattern(noun), record.captions)
        if colour:
            prompts = tuple(pattern.format(noun) for pattern in _COLOUR_PROMPTS)
            yield Example(record.filename, prompts, (colour.replace("grey", "gray"),), "colour", False)


def _mention_rates(records: Sequence[Captioned], counts: Sequence[dict[str, int]]) -> dict[str, dict[str, float]]:
    """Scene -> object -> share of its pictures that name it; scenes with few pictures are left out."""
    grouped: dict[str, list[dict[str, int]]] = defaultdict(list)
    for record, count in zip(records, counts, strict=True):
        grouped[record.scene].append(count)
    return {
        scene: {name: sum(c[name] > 0 for c in members) / len(members) for name in OBJECTS}
        for scene, members in grouped.items()
        if len(members) >= MIN_SCENE
    }
