"""The pictures that a finder is trained on, and square crops of them at random scales, symmetries and colors."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from torch import Tensor

from ...data.image_files import ImageSource
from ...data.object_annotations import ObjectBox, ObjectRecord, read_masks
from ...data.object_matching import counted_as
from ...errors import DataError
from ...model.config import FinderConfig
from ..examples.described_pictures import read_descriptions
from ..examples.object_questions import agreed_presence, known_presence
from ..examples.samples import chosen_objects
from ..recipe import RecipeDataset
from .settings import FinderStage
from .targets import CropFacts, FinderTargets, render, stack

_VISIBLE = 0.6  # least visible part of an object that is learned; less is unknown, as data sets treat it differently
_CUT_EDGE = 0.12  # of a picture's side: where objects without a box may be, if some were cut off by the edge
_DENIABLE = ("water", "road", "building")  # regions that are also labels of what a picture shows
_PLAIN = 0.02  # a share that is this near to 0 or 1 holds for each part of the picture
_WHOLE = 0.5  # part of the crops of data sets with shares that show the whole picture
_GREY, _BLUR = 0.05, 0.15  # parts of the crops without color, and blurred


@dataclass(frozen=True)
class Example:
    """One picture in memory with its record. mask: class values, or None; absent: labels that it does not show."""

    dataset: RecipeDataset
    record: ObjectRecord
    image: Image.Image
    mask: Image.Image | None
    classes: tuple[str, ...]
    absent: frozenset[str] = frozenset()


class FinderPictures:
    """The training pictures of all data sets."""

    def __init__(self, folder: Path, datasets: Sequence[RecipeDataset]) -> None:
        used = [dataset for dataset in datasets if dataset.finder_weight]
        self._examples = [_examples(folder, dataset) for dataset in used]
        self._weights = [dataset.finder_weight for dataset in used]
        if not any(self._examples):
            raise DataError("The finder has no pictures to train on. Add a data set to the recipe.")

    def draw(
        self, rng: random.Random, count: int, stage: FinderStage, config: FinderConfig, fill: tuple[int, int, int]
    ) -> tuple[Tensor, FinderTargets]:
        """Return crops, uint8 [count, 3, size, size], with their targets. fill: color outside of pictures."""
        pixels, targets = [], []
        for examples in rng.choices(self._examples, self._weights, k=count):
            crop, facts = take_crop(rng.choice(examples), rng, stage, fill)
            pixels.append(torch.from_numpy(crop).permute(2, 0, 1))
            targets.append(render(facts, stage.size, config))
        return torch.stack(pixels), stack(targets)


def take_crop(
    example: Example, rng: random.Random, stage: FinderStage, fill: tuple[int, int, int]
) -> tuple[NDArray[np.uint8], CropFacts]:
    """Return a crop, [size, size, 3], and what is known about it."""
    size, record, dataset = stage.size, example.record, example.dataset
    longest = max(example.image.size)
    is_whole = bool(dataset.shares) and rng.random() < _WHOLE
    scale = size / longest if is_whole else math.exp(rng.uniform(math.log(stage.smallest), math.log(stage.largest)))
    left, top = (0.0, 0.0) if is_whole else (_start(rng, side, size / scale) for side in example.image.size)
    image = _pasted(example.image, (left, top, scale), size, fill, lambda piece: _recolored(piece, rng))
    width, height = example.image.size
    inside = (-left * scale, -top * scale, (width - left) * scale, (height - top) * scale)
    boxes, hidden = _visible_boxes(record, (left, top, scale), size)
    mask = None
    if example.mask is not None:
        mask = np.asarray(_pasted(example.mask, (left, top, scale), size, 0)).astype(np.int16)
    weights = {label: stage.unmarked for label in dataset.partial}
    weights |= {label: 1.0 for label in (*dataset.complete, *example.absent)}
    facts = CropFacts(
        boxes,
        hidden,
        inside,
        _CUT_EDGE * longest * scale if record.cut else 0.0,
        weights,
        "building" in dataset.complete,
        example.classes,
        mask,
        _shares(example, is_whole),
    )
    return turned(np.asarray(image), facts, rng.randrange(8))


def turned(pixels: NDArray[np.uint8], facts: CropFacts, view: int) -> tuple[NDArray[np.uint8], CropFacts]:
    """Return one of the eight symmetries of a square crop and of what is known about it."""
    size = len(pixels)
    left, top, right, bottom = facts.inside
    inside = ObjectBox("", left, top, right - left, bottom - top)
    mask, boxes, hidden = facts.mask, list(facts.boxes), list(facts.hidden)
    for _ in range(view % 4):
        pixels = np.rot90(pixels)
        mask = None if mask is None else np.rot90(mask)
        inside, *rest = (_rotated(box, size) for box in (inside, *boxes, *hidden))
        boxes, hidden = rest[: len(boxes)], rest[len(boxes) :]
    if view >= 4:
        pixels = pixels[:, ::-1]
        mask = None if mask is None else mask[:, ::-1]
        inside, *rest = (replace(box, x=size - box.x - box.width) for box in (inside, *boxes, *hidden))
        boxes, hidden = rest[: len(boxes)], rest[len(boxes) :]
    ends = (inside.x, inside.y, inside.x + inside.width, inside.y + inside.height)
    facts = replace(facts, boxes=tuple(boxes), hidden=tuple(hidden), inside=ends, mask=mask)
    return pixels.copy(), facts


def _rotated(box: ObjectBox, size: float) -> ObjectBox:
    """Return a box of a square picture that was rotated counterclockwise by 90 degrees."""
    return ObjectBox(box.label, box.y, size - box.x - box.width, box.height, box.width)


def _examples(folder: Path, dataset: RecipeDataset) -> list[Example]:
    read = chosen_objects(folder, dataset)
    images = ImageSource(folder / dataset.images)
    masks = read_masks(folder / dataset.masks) if dataset.masks else {}
    described = read_descriptions(Path(dataset.descriptions)) if dataset.descriptions else []
    presence = {picture.filename: picture.presence for picture in described}
    return [
        Example(
            dataset,
            record,
            images.open(record.filename),
            masks.get(record.mask),
            read.classes,
            _absent(record, dataset, presence.get(record.filename, {})),
        )
        for record in read.records
    ]


def _absent(record: ObjectRecord, dataset: RecipeDataset, described: Mapping[str, bool]) -> frozenset[str]:
    """Return the labels that a picture does not show. described: presence by label, from its description."""
    agreed = agreed_presence(known_presence(record, dataset.complete, dataset.absent), described)
    parts = {name for name, share in record.shares.items() if share > 0}
    return frozenset({label for label, is_present in agreed.items() if not is_present} - parts)


def _start(rng: random.Random, side: int, shown: float) -> float:
    """Return where a crop starts along one axis, in pixels of the picture; below 0 if it is larger than the picture."""
    return rng.uniform(min(0.0, side - shown), max(0.0, side - shown))


def _pasted(
    image: Image.Image,
    place: tuple[float, float, float],
    size: int,
    fill: int | tuple[int, int, int],
    change: Callable[[Image.Image], Image.Image] = lambda piece: piece,
) -> Image.Image:
    """Return the square crop at (left, top), in pixels of the picture, resized by a scale; `fill` is outside.

    The values of a picture that is not RGB, a mask, are not interpolated. change: of the part that shows the picture.
    """
    left, top, scale = place
    resampling = Image.Resampling.BICUBIC if image.mode == "RGB" else Image.Resampling.NEAREST
    canvas = Image.new(image.mode, (size, size), fill)
    box = (max(left, 0.0), max(top, 0.0), min(left + size / scale, image.width), min(top + size / scale, image.height))
    at = (round((box[0] - left) * scale), round((box[1] - top) * scale))
    shape = (max(1, round((box[2] - box[0]) * scale)), max(1, round((box[3] - box[1]) * scale)))
    canvas.paste(change(image.resize(shape, resampling, box=box)), at)
    return canvas


def _visible_boxes(
    record: ObjectRecord, place: tuple[float, float, float], size: int
) -> tuple[tuple[ObjectBox, ...], tuple[ObjectBox, ...]]:
    """Return the visible parts of objects in pixels of the crop: those that are learned, and those mostly outside."""
    left, top, scale = place
    boxes, hidden = [], []
    for box in record.boxes:
        x, y = (box.x - left) * scale, (box.y - top) * scale
        right, bottom = x + box.width * scale, y + box.height * scale
        ends = [min(max(end, 0.0), float(size)) for end in (x, y, right, bottom)]
        area = max(ends[2] - ends[0], 0.0) * max(ends[3] - ends[1], 0.0)
        part = ObjectBox(counted_as(box.label), ends[0], ends[1], ends[2] - ends[0], ends[3] - ends[1])
        if area >= _VISIBLE * box.width * box.height * scale**2:
            boxes.append(part)
        elif area > 0:
            hidden.append(part)
    return tuple(boxes), tuple(hidden)


def _shares(example: Example, is_whole: bool) -> dict[str, float]:
    """Return the shares of regions that hold for a crop: all for the whole picture, otherwise those near 0 and 1.

    A mask knows more than shares, so a picture with a mask has none.
    """
    if example.mask is not None:
        return {}
    measured = {name: share for name, share in example.record.shares.items() if name in example.dataset.shares}
    shares = {region: 0.0 for region in _DENIABLE if region in example.absent} | measured
    return {name: share for name, share in shares.items() if is_whole or not _PLAIN < share < 1 - _PLAIN}


def _recolored(image: Image.Image, rng: random.Random) -> Image.Image:
    """Return a picture with other brightness, contrast and color balance, in part gray or blurred."""
    if rng.random() < _BLUR:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.2)))
    if rng.random() < _GREY:
        image = image.convert("L").convert("RGB")
    brightness, contrast = rng.uniform(0.75, 1.25), rng.uniform(0.8, 1.25)
    gains = [brightness * rng.uniform(0.9, 1.1) for _ in range(3)]
    values = np.arange(256, dtype=np.float32)
    curves = [np.clip((values - 128) * contrast * gain + 128 * gain, 0, 255).astype(np.uint8) for gain in gains]
    return image.point(np.concatenate(curves).tolist())
