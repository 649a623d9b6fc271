"""Everything a recipe learns from, in memory: pictures as bytes, and for each its prompts by kind.

Batches are drawn from a seed and a number alone, so that a run that was cut off goes on exactly.
"""

from __future__ import annotations

import itertools
import math
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from ...data.annotations import CaptionRecord, read_captions, read_questions
from ...data.image_files import ImageSource
from ...errors import DataError
from ...model.vision.encoders import to_bytes
from ..recipe import PromptMix, RecipeDataset
from .derived_questions import TrainingExample, asked_question, derived_questions
from .details import detailed
from .prompts import CAPTION_PROMPTS, DETAIL_PROMPTS
from .texts import clean_sentence, is_oriented

_Pairs = list[tuple[int, TrainingExample]]  # pictures, and what is to be learnt of them
BUCKET = 8  # batches drawn at once and sorted by length, so that a batch holds little padding


@dataclass
class Sample:
    """One picture and what is known of it.

    questions: by kind; objects: whether, and how many of, an object is there, which can be asked of any picture.
    """

    filename: str
    record: CaptionRecord
    dataset: int
    views: int = 1
    caption: TrainingExample | None = None
    detail: TrainingExample | None = None
    questions: dict[str, list[TrainingExample]] = field(default_factory=lambda: defaultdict(list))
    objects: list[TrainingExample] = field(default_factory=list)


@dataclass(frozen=True)
class DrawnPrompt:
    """One prompt drawn for a batch: the picture's index, the view to show, the wording, the answers."""

    picture: int
    view: int
    prompt: str
    answers: tuple[str, ...]


class _ExamplePool:
    """Examples of one kind, drawn by the weights of their pictures."""

    def __init__(self, pairs: _Pairs, weights: Sequence[float]) -> None:
        """pairs: pictures and what is to be learnt of them; weights: of every picture."""
        self._pairs = pairs
        self._up_to = list(itertools.accumulate(weights[picture] for picture, _ in pairs))

    def __len__(self) -> int:
        return len(self._pairs)

    def shuffled(self, rng: random.Random) -> _Pairs:
        """All of them, once each, in random order."""
        return rng.sample(self._pairs, len(self._pairs))

    def draw(self, rng: random.Random) -> tuple[int, TrainingExample]:
        """A picture and what is to be learnt of it."""
        return rng.choices(self._pairs, cum_weights=self._up_to)[0]


class Corpus:
    """The pictures and examples of several data sets."""

    def __init__(self, folder: Path, datasets: Sequence[RecipeDataset], size: int) -> None:
        self.subjects: list[Sample] = []
        pixels: list[Tensor] = []
        weights: list[float] = []
        for number, dataset in enumerate(datasets):
            subjects = _subjects(folder, dataset, number)
            pixels.append(_pixels(ImageSource(folder / dataset.images), subjects, size))
            self.subjects.extend(subjects)
            weights += [dataset.weight / len(subjects)] * len(subjects)
        if not self.subjects:
            raise DataError("The recipe names no data to train on. Add a [[train]] table to it.")
        self.pixels = torch.cat(pixels)
        self.weights = torch.tensor(weights)
        self.rows = [(index, turn) for index, subject in enumerate(self.subjects) for turn in range(subject.views)]
        self._row = {pair: row for row, pair in enumerate(self.rows)}
        self._captions = _ExamplePool([(n, one.caption) for n, one in enumerate(self.subjects) if one.caption], weights)
        self._details = _ExamplePool([(n, one.detail) for n, one in enumerate(self.subjects) if one.detail], weights)
        by_kind = _by_kind(self.subjects)
        self._kinds = [_ExamplePool(pairs, weights) for pairs in by_kind]
        self._kind_weights = [math.sqrt(len(pairs)) for pairs in by_kind]
        self._objects = _by_object(self.subjects)
        self._object_weights = [math.sqrt(min(map(len, filter(None, pairs)))) for pairs in self._objects]

    @property
    def filenames(self) -> list[str]:
        """Names of the pictures, in the order of `pixels`."""
        return [subject.filename for subject in self.subjects]

    @property
    def examples(self) -> Iterator[TrainingExample]:
        """Everything that can be learnt of all pictures, once each."""
        for subject in self.subjects:
            yield from [one for one in (subject.caption, subject.detail) if one]
            yield from itertools.chain(*subject.questions.values())
        for group in self._objects:
            yield from (example for pairs in group for _, example in pairs)

    def row_of(self, drawn: DrawnPrompt) -> int:
        """Place of what a prompt shows among the features of `rows`."""
        return self._row[drawn.picture, drawn.view]

    def draw(self, rng: random.Random, mix: PromptMix) -> DrawnPrompt:
        """One prompt at random: a caption, a detailed description or a question of one picture."""
        return self._shown(*self._pick(rng, mix), rng, mix)

    def _shown(self, picture: int, example: TrainingExample, rng: random.Random, mix: PromptMix) -> DrawnPrompt:
        """One wording, some answers and one view of what is learnt of a picture."""
        shown = rng.randrange(self.subjects[picture].views)
        answers = _some(example.answers, mix.sentences, rng)
        if example.oriented or any(is_oriented(answer) for answer in answers):
            shown = 0
        return DrawnPrompt(picture, shown, _wording(example, rng), answers)

    def _pick(self, rng: random.Random, mix: PromptMix) -> tuple[int, TrainingExample]:
        lot = rng.random()
        if self._kinds and lot < mix.questions:
            return self._question(rng, mix)
        return (self._details if self._details and lot > 1 - mix.details else self._captions).draw(rng)

    def _question(self, rng: random.Random, mix: PromptMix) -> tuple[int, TrainingExample]:
        """A question about an object, or one of another kind; kinds by the root of how many examples they have.

        Few examples, drawn as often as many, would be learnt by heart; an object counts by its rarer answer. It is
        asked for as often where it is as where it is not: answers that followed from its name alone would be learnt
        without a look at the picture.
        """
        if self._objects and rng.random() < mix.objects:
            there, not_there = rng.choices(self._objects, self._object_weights)[0]
            absent = mix.zeros if there[0][1].kind == "quantity" else 0.5
            return rng.choice(not_there if not_there and rng.random() < absent else there)
        return rng.choices(self._kinds, self._kind_weights)[0].draw(rng)

    def buckets(self, seed: int, batch: int, mix: PromptMix) -> Iterator[list[list[DrawnPrompt]]]:
        """Without end: BUCKET batches of similar length each, in random order; or whole passes over the captions."""
        if mix.passes:
            yield from self._passes(seed, batch, mix)
        number = 0
        while True:
            rng = random.Random(f"{seed}/{number}")  # nosec B311 - drawing examples is no secret
            drawn = [self.draw(rng, mix) for _ in range(BUCKET * batch)]
            drawn.sort(key=lambda one: sum(len(answer) for answer in one.answers))
            batches = [drawn[start : start + batch] for start in range(0, len(drawn), batch)]
            rng.shuffle(batches)
            yield batches
            number += 1

    def steps_a_pass(self, batch: int) -> int:
        """Steps that show every picture once; what fills no batch is left out, as in LAVIS."""
        return max(1, len(self.subjects) // batch)

    def _passes(self, seed: int, batch: int, mix: PromptMix) -> Iterator[list[list[DrawnPrompt]]]:
        """Without end: every caption once, in random order."""
        for number in itertools.count():
            rng = random.Random(f"{seed}/pass {number}")  # nosec B311 - drawing examples is no secret
            drawn = [self._shown(*pair, rng, mix) for pair in self._captions.shuffled(rng)]
            yield [drawn[step * batch : (step + 1) * batch] for step in range(self.steps_a_pass(batch))]


def _some(answers: Sequence[str], most: int, rng: random.Random) -> tuple[str, ...]:
    """At most so many of the answers, those that come often more likely, none twice."""
    return tuple(dict.fromkeys(rng.sample(answers, min(most, len(answers)))))


def _wording(example: TrainingExample, rng: random.Random) -> str:
    """The first wording, which is the data set's own where it has one, as often as all others together."""
    return rng.choice([example.prompts[0], rng.choice(example.prompts)])


def _subjects(folder: Path, dataset: RecipeDataset, number: int) -> list[Sample]:
    records = read_captions(folder / dataset.captions)
    subjects = {record.filename: Sample(record.filename, record, number, dataset.views) for record in records}
    for subject in subjects.values():
        if subject.record.prompt:
            subject.caption = _as_written(subject.record)
            continue
        sentences = tuple(clean_sentence(text) for text in subject.record.captions if text.strip())
        subject.caption = TrainingExample(subject.filename, CAPTION_PROMPTS, sentences, "caption", False)
        detail = detailed(sentences)
        subject.detail = (
            TrainingExample(subject.filename, DETAIL_PROMPTS, (detail,), "detail", False) if detail else None
        )
    asked = read_questions(folder / dataset.questions) if dataset.questions else []
    for example in [*derived_questions(records), *map(asked_question, asked)]:
        if example.filename in subjects:
            subject = subjects[example.filename]
            (subject.objects if _is_about_objects(example) else subject.questions[example.kind]).append(example)
    return list(subjects.values())


def _as_written(record: CaptionRecord) -> TrainingExample:
    """A pair of RSICap: its own prompt, and its text word for word."""
    return TrainingExample(record.filename, (record.prompt,), record.captions, "caption", True)


def _is_about_objects(example: TrainingExample) -> bool:
    """Whether others ask the same of other pictures, in the same wordings."""
    return example.kind in ("presence", "quantity") and len(example.prompts) > 1


def _pixels(source: ImageSource, subjects: Sequence[Sample], size: int) -> Tensor:
    """uint8 [pictures, 3, size, size]."""
    pictures = (source.open(subject.filename) for subject in subjects)
    return torch.cat([to_bytes([picture], size) for picture in tqdm(pictures, "pictures", len(subjects))])


def _by_kind(subjects: Sequence[Sample]) -> list[_Pairs]:
    """The questions of each kind, with their pictures; kinds in the order of their names."""
    kinds: dict[str, _Pairs] = defaultdict(list)
    for picture, subject in enumerate(subjects):
        for kind, examples in subject.questions.items():
            kinds[kind] += [(picture, example) for example in examples]
    return [pairs for _, pairs in sorted(kinds.items())]


def _by_object(subjects: Sequence[Sample]) -> list[tuple[_Pairs, _Pairs]]:
    """Of each object that is asked for: the pictures with a yes or a number, then those with a no or none, if any.

    What has the same answer for every picture is left out: it would teach not to look.
    """
    groups: dict[str, tuple[_Pairs, _Pairs]] = defaultdict(lambda: ([], []))
    for picture, subject in enumerate(subjects):
        for example in subject.objects:
            absent = example.answers[0] in ("no", "zero")
            groups[example.prompts[-1]][absent].append((picture, example))
    return [pairs for _, pairs in sorted(groups.items()) if pairs[0] and _differ(*pairs)]


def _differ(*parts: _Pairs) -> bool:
    return len({example.answers for part in parts for _, example in part}) > 1
