"""The pictures of a data set with their examples, from its caption, question, description and object files."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from rsgpt_plugin.shared.vocabulary.kinds import excluded_groups, groups_of

from ...data.annotations import CaptionRecord, QuestionRecord, read_captions, read_questions
from ...data.object_annotations import ObjectFile, ObjectRecord, read_masks, read_objects
from ...data.objects import distinct
from ...errors import DataError
from ..recipe import RecipeDataset
from .derived_questions import TrainingExample, asked_question, derived_questions
from .described_pictures import DescribedPicture, read_descriptions
from .details import detailed_description
from .object_questions import NAMES, agreed_presence, known_presence, mask_questions, object_questions
from .prompts import CAPTION_PROMPTS, COLOR_MODE_PROMPTS, DETAIL_PROMPTS, count_prompts, presence_prompts
from .sensors import is_gray
from .texts import clean_sentence
from .views import VIEWS

_DESCRIBED_VARIETY = 5
# label -> first wordings of the questions about its presence and number
_FIRST_PROMPTS = {
    label: {prompts(name)[0] for name in names for prompts in (presence_prompts, count_prompts)}
    for label, names in NAMES.items()
}


@dataclass
class Sample:
    """One picture with its examples.

    dataset: index of its data set; record: its captions and scene, if any; gsd_m: meters per pixel, None if
    unknown; input_gsd_m: the same for the model's input, set with the pixels; presence: whether things are present, by
    label. questions: by kind; objects: presence and count of objects, which can be asked about any picture.
    """

    filename: str
    record: CaptionRecord
    dataset: int
    views: tuple[int, ...] = (0,)
    gsd_m: float | None = None
    input_gsd_m: float | None = None
    described: DescribedPicture | None = None
    presence: dict[str, bool] = field(default_factory=dict)
    captions: list[TrainingExample] = field(default_factory=list)
    details: list[TrainingExample] = field(default_factory=list)
    questions: dict[str, list[TrainingExample]] = field(default_factory=lambda: defaultdict(list))
    objects: list[TrainingExample] = field(default_factory=list)

    def add(self, example: TrainingExample) -> None:
        """Add a question to the questions about objects, if it can be asked about any picture, or to its kind."""
        if example.kind in ("presence", "quantity", "image") and len(example.prompts) > 1:
            self.objects.append(example)
        else:
            self.questions[example.kind].append(example)

    @property
    def variety(self) -> int:
        """The number of different sentences that describe the picture; a description by hand counts as five."""
        return max(len(distinct(self.record.captions)), _DESCRIBED_VARIETY if self.described else 1)

    @property
    def kinds(self) -> dict[str, bool]:
        """Whether groups of kinds of areas describe the picture, where that is known; see KINDS."""
        names = self.described.kind if self.described else (self.record.scene,)
        groups = groups_of(names)
        return dict.fromkeys(excluded_groups(groups), False) | dict.fromkeys(groups, True) if groups else {}

    @property
    def sentences(self) -> tuple[str, ...]:
        """The captions; if there are none, the description as one text."""
        if self.record.captions or self.described is None:
            return self.record.captions
        return (" ".join((self.described.detailed, self.described.short, *self.described.kind)),)

    def is_gray(self, view: int) -> bool:
        """Whether a view shows the picture in gray."""
        return view >= VIEWS and is_gray(self.seed(view))

    def seed(self, view: int) -> str:
        """Return the seed of a view by another sensor."""
        return f"{self.filename}/{view}"


def read_samples(folder: Path, dataset: RecipeDataset, number: int, size: int) -> list[Sample]:
    """Return the pictures of a data set, in the order of its files. size: side of the model's input in pixels."""
    objects = chosen_objects(folder, dataset)
    captions = read_captions(folder / dataset.captions) if dataset.captions else []
    described = read_descriptions(Path(dataset.descriptions)) if dataset.descriptions else []
    names = [part.filename for part in objects.records] + [part.filename for part in described]
    records = {name: CaptionRecord(name, ()) for name in names} | {record.filename: record for record in captions}
    views = (*range(dataset.views), *range(VIEWS, VIEWS + dataset.sensors))
    samples = {name: Sample(name, record, number, views, dataset.gsd_m or None) for name, record in records.items()}
    for record in objects.records:
        _add_objects(samples[record.filename], record, dataset, size)
    for picture in described:
        _add_description(samples[picture.filename], picture)
    for captioned in captions:
        _add_captions(samples[captioned.filename], captioned)
    for example in derived_questions(captions):
        if not _is_labelled(example, samples[example.filename]):
            samples[example.filename].add(example)
    if dataset.questions:
        _add_asked(read_questions(folder / dataset.questions), samples)
    if dataset.masks:
        _add_mask_questions(read_masks(folder / dataset.masks), objects, samples)
    for sample in samples.values():
        _drop_contradictions(sample)
        if dataset.sensors:
            _add_color_mode(sample)
    return list(samples.values())


def _add_asked(records: Sequence[QuestionRecord], samples: dict[str, Sample]) -> None:
    """Add questions of a data set, without those that the labels of their picture contradict."""
    for record in records:
        sample = samples.get(record.filename)
        if sample is not None and not _is_contradicted(record.question, record.answer, sample):
            sample.add(asked_question(record))


def chosen_objects(folder: Path, dataset: RecipeDataset) -> ObjectFile:
    """Return the records of the data set's split, without those of places that are left out."""
    if not dataset.objects:
        return ObjectFile(())
    file = read_objects(folder / dataset.objects, dataset.split)
    chosen = [record for record in file.records if not record.place.startswith(dataset.without)]
    return ObjectFile(tuple(chosen), file.classes)


def _add_objects(sample: Sample, record: ObjectRecord, dataset: RecipeDataset, size: int) -> None:
    sample.gsd_m = record.gsd_m or sample.gsd_m
    sample.presence |= known_presence(record, dataset.complete, dataset.absent)
    for example in object_questions(record, dataset.complete, dataset.absent, size):
        sample.add(example)


def _add_description(sample: Sample, picture: DescribedPicture) -> None:
    sample.described = picture
    sample.captions.append(picture.caption)
    sample.details.append(picture.detail)
    sample.presence = agreed_presence(sample.presence, picture.presence)
    for example in picture.questions():
        sample.add(example)


def _add_captions(sample: Sample, record: CaptionRecord) -> None:
    if record.prompt:  # a record of RSICap: prompt and text stay unchanged
        sample.captions.append(TrainingExample(record.filename, (record.prompt,), record.captions, "caption", True))
        return
    sentences = tuple(clean_sentence(text) for text in record.captions if text.strip())
    sample.captions.append(TrainingExample(sample.filename, CAPTION_PROMPTS, sentences, "caption", False))
    detail = detailed_description(sentences)
    if detail:
        sample.details.append(TrainingExample(sample.filename, DETAIL_PROMPTS, (detail,), "detail", False))


def _is_labelled(example: TrainingExample, sample: Sample) -> bool:
    """Whether a label says more about a thing than that no caption names it."""
    is_absent = example.answers[0] in ("no", "zero")
    return is_absent and any(label in sample.presence for label in _labels_in(example.prompts[0]))


def _is_contradicted(question: str, answer: str, sample: Sample) -> bool:
    truths = [sample.presence[key] for key in _labels_in(question) if key in sample.presence]
    return answer in ("yes", "no") and bool(truths) and all(truth != (answer == "yes") for truth in truths)


def _drop_contradictions(sample: Sample) -> None:
    """Remove all that is said about a thing which is present by one source and absent by another."""
    for label, prompts in _FIRST_PROMPTS.items():
        about = [example for example in sample.objects if example.prompts[0] in prompts]
        absent = {example.answers[0] in ("no", "zero") for example in about}
        numbers = {example.answers for example in about if example.kind == "quantity"}
        if len(absent) > 1 or len(numbers) > 1:
            sample.objects = [example for example in sample.objects if example.prompts[0] not in prompts]
            sample.presence.pop(label, None)


def _add_color_mode(sample: Sample) -> None:
    for is_gray_view in {sample.is_gray(view) for view in sample.views}:
        answer = "gray" if is_gray_view else "color"
        sample.add(TrainingExample(sample.filename, COLOR_MODE_PROMPTS, (answer,), "image", False))


@lru_cache(maxsize=10_000)  # few questions are asked about many pictures
def _labels_in(question: str) -> list[str]:
    text = question.lower()
    return [label for label, names in NAMES.items() if any(_mentions(name, text) for name in names)]


def _mentions(name: str, text: str) -> bool:
    return bool(re.search(rf"\b{re.escape(name.removesuffix('s'))}s?\b", text))


def _add_mask_questions(masks: Mapping[str, Image.Image], objects: ObjectFile, samples: dict[str, Sample]) -> None:
    if not objects.classes:
        raise DataError("A data set has masks, but its file of objects names no classes. Remove one of them.")
    for record in objects.records:
        if record.mask in masks:
            for example in mask_questions(record.filename, np.asarray(masks[record.mask]), objects.classes):
                samples[record.filename].add(example)
