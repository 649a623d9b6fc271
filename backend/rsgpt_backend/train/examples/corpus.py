"""The training data of a recipe in memory: pictures as uint8 tensors, and the examples of each picture by kind.

Batches depend only on a seed and a number, so that an interrupted run resumes exactly.
"""

from __future__ import annotations

import itertools
import math
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from ...data.image_files import ImageSource
from ...errors import DataError
from ...model.vision.encoders import to_bytes
from ..recipe import PromptMix, RecipeDataset
from .derived_questions import TrainingExample
from .samples import Sample, read_samples
from .sensors import as_other_sensor
from .texts import is_oriented, names_color
from .views import VIEWS, view

_Pairs = list[tuple[int, TrainingExample]]  # indexes of pictures, with an example
BUCKET = 8  # batches drawn at once and sorted by length, so that a batch has little padding
_UNKNOWN_SHARE = 0.4  # of the prompts about pictures of known ground resolution that do not state it
_GSD_JITTER = 0.25  # standard deviation of the logarithm of a stated ground resolution


@dataclass(frozen=True)
class DrawnPrompt:
    """One prompt drawn for a batch: index of the picture, number of its view, wording, and answers.

    gsd_m: ground resolution that is stated to the model, in meters per pixel of its input; NaN for none.
    """

    picture: int
    view: int
    prompt: str
    answers: tuple[str, ...]
    gsd_m: float = math.nan


class _ExamplePool:
    """Examples of one kind, drawn with the weights of their pictures."""

    def __init__(self, pairs: _Pairs, weights: Sequence[float]) -> None:
        """weights: of all pictures, by index."""
        self._pairs = pairs
        self._up_to = list(itertools.accumulate(weights[picture] for picture, _ in pairs))

    def __len__(self) -> int:
        return len(self._pairs)

    def shuffled(self, rng: random.Random) -> _Pairs:
        """Return all examples once, in random order."""
        return rng.sample(self._pairs, len(self._pairs))

    def draw(self, rng: random.Random) -> tuple[int, TrainingExample]:
        """Return the index of a picture and an example, at random."""
        return rng.choices(self._pairs, cum_weights=self._up_to)[0]


class Corpus:
    """The pictures and examples of several data sets."""

    def __init__(self, folder: Path, datasets: Sequence[RecipeDataset], size: int) -> None:
        self.samples: list[Sample] = []
        pixels: list[Tensor] = []
        weights: list[float] = []
        for number, dataset in enumerate(datasets):
            samples = read_samples(folder, dataset, number, size)
            if not samples:
                raise DataError(f"The recipe's data set of {dataset.images} has no pictures. Correct or remove it.")
            pixels.append(_pixels(ImageSource(folder / dataset.images), samples, size))
            self.samples.extend(samples)
            weights += [dataset.weight / len(samples)] * len(samples)
        if not self.samples:
            raise DataError("The recipe names no data to train on. Add a [[train]] table to it.")
        self.pixels = torch.cat(pixels)
        self.weights = torch.tensor(weights)
        self.rows = [(index, number) for index, sample in enumerate(self.samples) for number in sample.views]
        self._row = {pair: row for row, pair in enumerate(self.rows)}
        numbered = list(enumerate(self.samples))
        varied = _by_variety(weights, self.samples, [dataset.captions_weight for dataset in datasets])
        self._captions = _ExamplePool([(n, caption) for n, sample in numbered for caption in sample.captions], varied)
        self._details = _ExamplePool([(n, detail) for n, sample in numbered for detail in sample.details], weights)
        by_kind = _by_kind(self.samples)
        self._kinds = [_ExamplePool(pairs, weights) for pairs in by_kind]
        self._kind_weights = [math.sqrt(len(pairs)) for pairs in by_kind]
        self._objects = _by_object(self.samples)
        self._object_weights = [math.sqrt(min(map(len, filter(None, pairs)))) for pairs in self._objects]

    @property
    def filenames(self) -> list[str]:
        """File names of the pictures, in the order of `pixels`."""
        return [sample.filename for sample in self.samples]

    @property
    def examples(self) -> Iterator[TrainingExample]:
        """All examples of all pictures, once each."""
        for sample in self.samples:
            yield from (*sample.captions, *sample.details)
            yield from itertools.chain(*sample.questions.values())
        for group in self._objects:
            yield from (example for pairs in group for _, example in pairs)

    def view(self, picture: int, number: int) -> Tensor:
        """Return a view of a picture, uint8 [3, size, size]."""
        pixels = self.pixels[picture]
        return as_other_sensor(pixels, self.samples[picture].seed(number)) if number >= VIEWS else view(pixels, number)

    def row_of(self, drawn: DrawnPrompt) -> int:
        """Return the index in `rows` of the view that a prompt shows."""
        return self._row[drawn.picture, drawn.view]

    def draw(self, rng: random.Random, mix: PromptMix) -> DrawnPrompt:
        """Return a prompt at random: a caption, a detailed description, or a question about one picture."""
        return self._prompt(*self._pick(rng, mix), rng, mix)

    def draw_captioned(self, rng: random.Random, count: int) -> list[DrawnPrompt]:
        """Return at most `count` different pictures at random, each with one of its sentences as the only answer."""
        mix = PromptMix(sentences=1)
        drawn = dict(self._captions.draw(rng) for _ in range(count))  # a picture twice would be its own rival
        return [self._prompt(*pair, rng, mix) for pair in drawn.items()]

    def _prompt(self, picture: int, example: TrainingExample, rng: random.Random, mix: PromptMix) -> DrawnPrompt:
        """Return an example with a wording, answers, and a view drawn at random."""
        sample = self.samples[picture]
        answers = _drawn_answers(example.answers, mix.sentences, rng)
        view = rng.choice([number for number in sample.views if _fits(sample, number, example, answers)] or [0])
        gsd_m = math.nan
        if sample.input_gsd_m and rng.random() > _UNKNOWN_SHARE:
            gsd_m = sample.input_gsd_m * math.exp(rng.gauss(0, _GSD_JITTER))
        return DrawnPrompt(picture, view, _wording(example, rng), answers, gsd_m)

    def _pick(self, rng: random.Random, mix: PromptMix) -> tuple[int, TrainingExample]:
        chance = rng.random()
        if (self._kinds or self._objects) and chance < mix.questions:
            return self._question(rng, mix)
        return (self._details if self._details and chance > 1 - mix.details else self._captions).draw(rng)

    def _question(self, rng: random.Random, mix: PromptMix) -> tuple[int, TrainingExample]:
        """Return a question about an object, or a question of another kind.

        Kinds are drawn by the square root of their number of examples, because a few examples drawn as often as many
        would be memorized; an object is drawn by the number of its rarer answer. Present and absent objects are drawn
        equally often, because an answer that follows from the object's name would be learned without the picture.
        """
        if self._objects and (not self._kinds or rng.random() < mix.objects):
            present, absent = rng.choices(self._objects, self._object_weights)[0]
            absent_share = mix.zeros if present[0][1].kind == "quantity" else 0.5
            return rng.choice(absent if absent and rng.random() < absent_share else present)
        return rng.choices(self._kinds, self._kind_weights)[0].draw(rng)

    def buckets(self, seed: int, batch: int, mix: PromptMix) -> Iterator[list[list[DrawnPrompt]]]:
        """Yield without end BUCKET batches of prompts with similar lengths, shuffled, or passes over the captions."""
        if mix.passes:
            yield from self._passes(seed, batch, mix)
        number = 0
        while True:
            rng = random.Random(f"{seed}/{number}")  # nosec B311 - drawing examples is no secret
            drawn = [self.draw(rng, mix) for _ in range(BUCKET * batch)]
            drawn.sort(key=lambda prompt: sum(len(answer) for answer in prompt.answers))
            batches = [drawn[start : start + batch] for start in range(0, len(drawn), batch)]
            rng.shuffle(batches)
            yield batches
            number += 1

    def steps_per_pass(self, batch: int) -> int:
        """Return the number of steps that show every picture once; an incomplete last batch is skipped, as in LAVIS."""
        return max(1, len(self.samples) // batch)

    def _passes(self, seed: int, batch: int, mix: PromptMix) -> Iterator[list[list[DrawnPrompt]]]:
        """Yield without end the batches of one pass: every caption once, in random order."""
        for number in itertools.count():
            rng = random.Random(f"{seed}/pass {number}")  # nosec B311 - drawing examples is no secret
            drawn = [self._prompt(*pair, rng, mix) for pair in self._captions.shuffled(rng)]
            yield [drawn[step * batch : (step + 1) * batch] for step in range(self.steps_per_pass(batch))]


def _drawn_answers(answers: Sequence[str], limit: int, rng: random.Random) -> tuple[str, ...]:
    """Return at most `limit` different answers at random; frequent ones are more likely."""
    return tuple(dict.fromkeys(rng.sample(answers, min(limit, len(answers)))))


def _wording(example: TrainingExample, rng: random.Random) -> str:
    """Return the first wording (that of the data set, if it has one) as often as all others together."""
    return rng.choice([example.prompts[0], rng.choice(example.prompts)])


def _by_variety(weights: Sequence[float], samples: Sequence[Sample], factors: Sequence[float]) -> list[float]:
    """Return weights in proportion to the variety of the captions.

    The sum of each data set stays the same but for its factor. factors: by number of the data set.
    """
    totals: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for weight, sample in zip(weights, samples, strict=True):
        totals[sample.dataset][0] += weight
        totals[sample.dataset][1] += weight * sample.variety
    scales = {
        dataset: factors[dataset] * total / varied if varied else 0.0 for dataset, (total, varied) in totals.items()
    }
    return [weight * sample.variety * scales[sample.dataset] for weight, sample in zip(weights, samples, strict=True)]


def _fits(sample: Sample, view: int, example: TrainingExample, answers: Sequence[str]) -> bool:
    """Whether the answers are true for a view: not turned if they name a side, not gray if they name a color."""
    if example.kind == "quantity" and view >= VIEWS and answers[0] != "zero":
        return False  # small objects may be lost
    if example.kind == "image":
        return sample.is_gray(view) == (answers[0] == "gray")
    if 0 < view < VIEWS and (example.oriented or any(map(is_oriented, answers))):
        return False
    return not (sample.is_gray(view) and any(map(names_color, answers)))


def _pixels(source: ImageSource, samples: Sequence[Sample], size: int) -> Tensor:
    """Return the pictures as uint8 [pictures, 3, size, size], and set the ground resolution of the model's input."""
    pixels = []
    for sample in tqdm(samples, "pictures"):
        picture = source.open(sample.filename)
        if sample.gsd_m:
            sample.input_gsd_m = sample.gsd_m * max(picture.size) / size
        pixels.append(to_bytes([picture], size))
    return torch.cat(pixels)


def _by_kind(samples: Sequence[Sample]) -> list[_Pairs]:
    """Return the questions of each kind with their pictures; kinds are sorted by name."""
    kinds: dict[str, _Pairs] = defaultdict(list)
    for picture, sample in enumerate(samples):
        for kind, examples in sample.questions.items():
            kinds[kind] += [(picture, example) for example in examples]
    return [pairs for _, pairs in sorted(kinds.items())]


def _by_object(samples: Sequence[Sample]) -> list[tuple[_Pairs, _Pairs]]:
    """Return for each question about an object the pictures where it is present, and those where it is absent.

    Questions with the same answer for every picture are left out, because they would teach to ignore the picture.
    """
    groups: dict[str, tuple[_Pairs, _Pairs]] = defaultdict(lambda: ([], []))
    for picture, sample in enumerate(samples):
        for example in sample.objects:
            absent = example.answers[0] in ("no", "zero", "gray")
            groups[example.prompts[-1]][absent].append((picture, example))
    return [pairs for _, pairs in sorted(groups.items()) if pairs[0] and _have_different_answers(*pairs)]


def _have_different_answers(*parts: _Pairs) -> bool:
    return len({example.answers for part in parts for _, example in part}) > 1
