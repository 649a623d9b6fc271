"""Everything a recipe learns from, in memory: pictures as bytes, and for each its prompts by kind.

Batches are drawn from a seed and a number alone, so that a run that was cut off goes on exactly.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from ..data.annotations import Captioned, read_captions, read_questions
from ..data.images import ImageSource
from ..errors import DataError
from ..model.vision import to_bytes
from .questions import CAPTION_PROMPTS, Example, asked_question, derived_questions
from .recipe import Dataset
from .texts import clean_sentence, is_oriented

GROUNDED = 0.7  # share of the questions that ask whether an object is there, or how many
BUCKET = 8  # batches drawn at once and sorted by length, so that a batch holds little padding


@dataclass
class Subject:
    """One picture and what is known of it."""

    filename: str
    record: Captioned
    dataset: int
    caption: Example | None = None
    questions: dict[str, list[Example]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True)
class Drawn:
    """One prompt drawn for a batch: the picture's index, the view to show, the wording, the answers."""

    picture: int
    view: int
    prompt: str
    answers: tuple[str, ...]


class Corpus:
    """The pictures and examples of several data sets."""

    def __init__(self, folder: Path, datasets: Sequence[Dataset], size: int) -> None:
        self.subjects: list[Subject] = []
        pixels: list[Tensor] = []
        for number, dataset in enumerate(datasets):
            subjects = _subjects(folder, dataset, number)
            pixels.append(_pixels(ImageSource(folder / dataset.images), subjects, size))
            self.subjects.extend(subjects)
        if not self.subjects:
            raise DataError("The recipe names no data to train on. Add a [[train]] table to it.")
        self.pixels = torch.cat(pixels)
        self._grounded = _by_object(self.subjects)

    @property
    def filenames(self) -> list[str]:
        """Names of the pictures, in the order of `pixels`."""
        return [subject.filename for subject in self.subjects]

    def draw(self, rng: random.Random, views: int, questions_per_image: int) -> Drawn:
        """One prompt at random: a caption, or, `questions_per_image` times as often, a question."""
        picture = rng.randrange(len(self.subjects))
        example = self.subjects[picture].caption
        asks = self._grounded or self.subjects[picture].questions
        if example is None or (asks and rng.random() * (1 + questions_per_image) >= 1):
            picture, example = self._question(picture, rng)
        shown = rng.randrange(views)
        answers = example.answers if shown == 0 else tuple(a for a in example.answers if not is_oriented(a))
        if example.oriented or not answers:
            shown, answers = 0, example.answers
        return Drawn(picture, shown, rng.choice(example.prompts), answers)

    def _question(self, picture: int, rng: random.Random) -> tuple[int, Example]:
        """A question about the picture, or, mostly, about an object, as often where it is as where it is not.

        Answers that followed from the object's name alone would be learnt without a look at the picture.
        """
        others = self.subjects[picture].questions
        if self._grounded and (not others or rng.random() < GROUNDED):
            answers = self._grounded[rng.randrange(len(self._grounded))]
            return rng.choice(answers[rng.randrange(len(answers))])
        return picture, rng.choice(others[rng.choice(sorted(others))])

    def buckets(self, seed: int, batch: int, views: int, questions_per_image: int) -> Iterator[list[list[Drawn]]]:
        """Without end: BUCKET batches of similar length each, in random order."""
        number = 0
        while True:
            rng = random.Random(f"{seed}/{number}")  # nosec B311 - drawing examples is no secret
            drawn = [self.draw(rng, views, questions_per_image) for _ in range(BUCKET * batch)]
            drawn.sort(key=lambda one: sum(len(answer) for answer in one.answers))
            batches = [drawn[start : start + batch] for start in range(0, len(drawn), batch)]
            rng.shuffle(batches)
            yield batches
            number += 1


def _subjects(folder: Path, dataset: Dataset, number: int) -> list[Subject]:
    records = read_captions(folder / dataset.captions)
    subjects = {record.filename: Subject(record.filename, record, number) for record in records}
    for subject in subjects.values():
        sentences = tuple(clean_sentence(text) for text in subject.record.captions if text.strip())
        subject.caption = Example(subject.filename, CAPTION_PROMPTS, sentences, "caption", False)
    examples = derived_questions(records)
    if dataset.questions:
        examples += [asked_question(question) for question in read_questions(folder / dataset.questions)]
    for example in examples:
        if example.filename in subjects:
            subjects[example.filename].questions[example.kind].append(example)
    return list(subjects.values())


def _pixels(source: ImageSource, subjects: Sequence[Subject], size: int) -> Tensor:
    """uint8 [pictures, 3, size, size]."""
    pictures = (source.open(subject.filename) for subject in subjects)
    return torch.cat([to_bytes([picture], size) for picture in tqdm(pictures, "pictures", len(subjects))])


def _by_object(subjects: Sequence[Subject]) -> list[list[list[tuple[int, Example]]]]:
    """Presence and count questions: for each that is asked, the pictures with a yes, then those with a no.

    They leave the subjects; what is asked of pictures of one kind only stays there.
    """
    groups: dict[str, tuple[list[tuple[int, Example]], list[tuple[int, Example]]]] = defaultdict(lambda: ([], []))
    for picture, subject in enumerate(subjects):
        for kind in ("presence", "quantity"):
            for example in subject.questions.pop(kind, []):
                absent = example.answers[0] in ("no", "zero")
                groups[example.prompts[-1]][absent].append((picture, example))
    for answers in groups.values():
        if not all(answers):
            for picture, example in answers[0] or answers[1]:
                subjects[picture].questions[example.kind].append(example)
    return [list(answers) for _, answers in sorted(groups.items()) if all(answers)]
