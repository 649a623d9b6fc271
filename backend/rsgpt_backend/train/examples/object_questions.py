"""Questions with known answers about objects, shares and masks, in the kinds of RSIEval.

A question about a number needs complete boxes; one about a position, a single object or one clear group.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rsgpt_plugin.shared.answers.numbers import number_in_words
from rsgpt_plugin.shared.answers.places import place

from ...data.object_annotations import ObjectRecord
from ...data.object_matching import boxes_of, counted_as
from .derived_questions import TrainingExample, presence_examples
from .prompts import (
    ROAD_PROMPTS,
    count_prompts,
    larger_prompts,
    more_prompts,
    position_prompts,
    relative_prompts,
    share_prompts,
)

MOST = 20  # objects that are counted; the answer for more is MANY
MANY = "more than twenty"
# label or class -> names that questions use; the first is also the name in questions about places and areas
NAMES: dict[str, tuple[str, ...]] = {
    "airplane": ("airplanes",),
    "building": ("buildings",),
    "car": ("cars", "vehicles"),
    "ship": ("ships", "boats"),
    "tree": ("trees",),
    "bare soil": ("bare ground", "bare soil"),
    "court": ("tennis courts",),
    "dock": ("docks",),
    "field": ("farmland",),
    "grass": ("grass",),
    "mobile home": ("mobile homes",),
    "sand": ("sand",),
    "sea": ("sea",),
    "tank": ("storage tanks",),
    "water": ("water",),
    "road": ("roads",),
    "vegetation": ("vegetation",),
    "land": ("bare ground",),
    "chaparral": ("chaparral",),
}
_IMPLIED = {"mobile home": "building", "sea": "water"}  # a thing that is also the other one
_SMALLEST = 6.0  # pixels of the model's input; smaller objects are not counted
_PRESENT, _SEEN = 0.0, 0.02  # a share at most the first is "no", one of at least the second is "yes"
_GROUP = 0.34  # largest extent of a group, as part of the picture's sides
_SPREAD = 0.17  # largest standard deviation of a region with one place, as part of the picture's sides
_REGION = (0.02, 0.45)  # shares of regions that are asked for by place
_DIFFERENCE = 0.12  # of two shares that are compared
_ELONGATED = 10.0  # ratio of the variances of a mask that has a direction
_BORDER = 8.0  # degrees from the border of two directions, where neither is named
_INSIDE = 0.5  # minimum part of a region that lies in its place
_PAIRS = 3  # areas that are compared per picture


def object_questions(
    record: ObjectRecord, complete: Sequence[str], absent: Sequence[str], size: int
) -> Iterator[TrainingExample]:
    """Yield the questions about the objects, labels and shares of a picture.

    complete: labels whose boxes are complete in this file; absent: labels that none of its pictures shows. size: side
    of the model's input in pixels.
    """
    for label, is_present in known_presence(record, complete, absent).items():
        yield from presence_examples(record.filename, NAMES[label], is_present)
    yield from _quantities(record, (*complete, *absent), size)
    yield from _positions(record, complete)
    yield from _shares(record)


def mask_questions(filename: str, mask: NDArray[np.uint8], classes: Sequence[str]) -> Iterator[TrainingExample]:
    """Yield the questions about the places and directions of the regions of a class mask [height, width]."""
    regions = {}
    for value, name in enumerate(classes):
        if name in NAMES:
            region = _region(mask == value)
            if region is not None:
                regions[NAMES[name][0]] = region
    for name, center in regions.items():
        yield _oriented(filename, position_prompts(name), place(*center), "position")
    for (name, center), (other, origin) in itertools.permutations(regions.items(), 2):
        yield from _relation(filename, name, other, center, origin)
    if "road" in classes:
        direction = _direction(mask == classes.index("road"))
        if direction:
            yield _oriented(filename, ROAD_PROMPTS, direction, "road direction")


def known_presence(record: ObjectRecord, complete: Sequence[str], absent: Sequence[str] = ()) -> dict[str, bool]:
    """Return whether each thing is present, as far as boxes, labels and shares tell.

    complete, absent: see object_questions.
    """
    present = dict(record.labels)
    for label in complete:
        if not boxes_of(record, label) and not record.cut:
            present[label] = False
    for label in {counted_as(box.label) for box in record.boxes}:
        present[label] = True
    for name, share in record.shares.items():
        if share >= _SEEN or share <= _PRESENT:
            present.setdefault(name, share >= _SEEN)
    for label, other in _IMPLIED.items():
        if present.get(label) and other in present:
            present[other] = True
        elif present.get(other) and present.get(label) is False:
            del present[label]  # labels name the more specific thing only now and then
    known = {label: value for label, value in present.items() if label in NAMES}
    return known | dict.fromkeys(absent, False)


def agreed_presence(*sources: Mapping[str, bool]) -> dict[str, bool]:
    """Return the presence of each thing by label, without the things on which the sources disagree."""
    agreed: dict[str, bool] = {}
    for label in dict.fromkeys(label for source in sources for label in source):
        answers = {source[label] for source in sources if label in source}
        if len(answers) == 1:
            agreed[label] = answers.pop()
    return agreed


def _quantities(record: ObjectRecord, complete: Sequence[str], size: int) -> Iterator[TrainingExample]:
    scale = size / max(record.width, record.height)
    for label in complete:
        boxes = boxes_of(record, label)
        if record.cut or any(math.sqrt(box.width * box.height) * scale < _SMALLEST for box in boxes):
            continue
        number = len(boxes)
        answer = number_in_words(number) if number <= MOST else MANY
        for name in NAMES[label]:
            yield TrainingExample(record.filename, count_prompts(name), (answer,), "quantity", False)


def _positions(record: ObjectRecord, complete: Sequence[str]) -> Iterator[TrainingExample]:
    for label in complete:
        boxes = boxes_of(record, label)
        centers = [(x / record.width, y / record.height) for x, y in (box.center for box in boxes)]
        if not centers or record.cut or any(_extent(values) > _GROUP for values in zip(*centers, strict=True)):
            continue
        places = {place(x, y) for x, y in centers}
        if len(places) > 1:
            continue
        for name in NAMES[label]:
            noun = name if len(boxes) > 1 else name.removesuffix("s")
            yield _oriented(record.filename, position_prompts(noun), min(places), "position")


def _shares(record: ObjectRecord) -> Iterator[TrainingExample]:
    shares = {NAMES[name][0]: share for name, share in record.shares.items() if name in NAMES}
    for name, share in shares.items():
        tens = round(share * 10) * 10
        answer = "none" if share <= _PRESENT else f"about {tens} percent" if tens else "less than 10 percent"
        yield TrainingExample(record.filename, share_prompts(name), (answer,), "share", False)
    pairs = [pair for pair in itertools.permutations(shares.items(), 2) if abs(pair[0][1] - pair[1][1]) >= _DIFFERENCE]
    rng = random.Random(record.filename)  # nosec B311 - choosing pairs is no secret
    for (first, one), (second, other) in rng.sample(pairs, min(_PAIRS, len(pairs))):
        larger, answer = (first, "yes") if one > other else (second, "no")
        yield TrainingExample(record.filename, more_prompts(first, second), (answer,), "area comparison", False)
        yield TrainingExample(record.filename, larger_prompts(first, second), (larger,), "area comparison", False)


def _extent(values: Sequence[float]) -> float:
    return max(values) - min(values)


def _region(mask: NDArray[np.bool_]) -> tuple[float, float] | None:
    """Return the center of a region in 0..1, or None if it has no clear place."""
    if not _REGION[0] <= mask.mean() <= _REGION[1]:
        return None
    rows, columns = np.nonzero(mask)
    height, width = mask.shape
    if max(columns.std() / width, rows.std() / height) > _SPREAD:
        return None
    x, y = (columns.mean() + 0.5) / width, (rows.mean() + 0.5) / height
    inside = (rows * 3 // height == min(int(y * 3), 2)) & (columns * 3 // width == min(int(x * 3), 2))
    return (x, y) if inside.mean() >= _INSIDE else None


def _direction(mask: NDArray[np.bool_]) -> str:
    """Return the direction of an elongated region: horizontal, vertical, or one of the diagonals; "" if it has none."""
    rows, columns = np.nonzero(mask)
    if len(rows) < mask.size / 100:
        return ""
    (small, large), vectors = np.linalg.eigh(np.cov(np.stack([columns, -rows])))
    if large < _ELONGATED * small:
        return ""
    angle = math.degrees(math.atan2(vectors[1, 1], vectors[0, 1])) % 180  # counterclockwise from the right
    from_border = (angle + 22.5) % 45
    if min(from_border, 45 - from_border) < _BORDER:
        return ""
    names = ("horizontal", "from bottom left to top right", "vertical", "from top left to bottom right")
    return names[round(angle / 45) % 4]


def _relation(
    filename: str, name: str, other: str, center: tuple[float, float], origin: tuple[float, float]
) -> Iterator[TrainingExample]:
    right, down = center[0] - origin[0], center[1] - origin[1]
    if max(abs(right), abs(down)) < _DIFFERENCE:
        return
    across = "" if abs(right) < abs(down) / 2 else "right" if right > 0 else "left"
    along = "" if abs(down) < abs(right) / 2 else "bottom" if down > 0 else "top"
    answer = " ".join(part for part in (along, across) if part)
    yield _oriented(filename, relative_prompts(name, other), f"to the {answer}", "relative position")


def _oriented(filename: str, prompts: tuple[str, ...], answer: str, kind: str) -> TrainingExample:
    return TrainingExample(filename, prompts, (answer,), kind, True)
