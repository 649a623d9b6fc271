"""Adaptation of a vision encoder to aerial pictures, with scenes, kinds of areas, caption words and known objects.

The encoder is frozen afterwards. RSGPT's own encoder was pre-trained on billions of pictures; the small model's encoder
only on photographs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from rsgpt_plugin.shared.vocabulary.kinds import KINDS

from ...model.config import VisionConfig
from ...model.vision.encoders import normalize
from ..examples.corpus import Corpus
from ..examples.labels import kind_labels, kind_loss, label_loss, thing_labels
from ..examples.samples import Sample
from ..examples.sensors import as_other_sensor
from ..examples.views import VIEWS, view
from ..finite import check_learning
from ..number_formats import autocast, number_format
from ..recipe import AdaptationStage
from ..run_files import load_checkpoint, save_checkpoint
from ..schedule import LearningRateSchedule
from .object_task import ObjectTask

CHECKPOINT = "encoder-checkpoint.safetensors"
_CHECKPOINT_EVERY = 100  # steps
_WARMUP = 100  # steps
_WORD_PICTURES = 20  # minimum number of pictures whose captions contain a word, for it to be learned
_WORD_SHARE = 0.05  # weight of the words in the loss: there are hundreds of words, but one scene
_KIND_SHARE = 0.5  # weight of the kinds of areas, which are the same for all data sets
_THING_SHARE = 0.3  # weight of the things: about ten are known per picture
_SENSOR_SHARE = 0.3  # of the pictures, shown as another sensor would take them


@dataclass(frozen=True)
class SceneLabels:
    """Labels of pictures.

    scene: index of each picture's scene in the (data set, scene) pairs, or -1. choices: bool [pictures, scenes], the
    scenes of the picture's data set. words: share of the picture's sentences that contain each word; things: 1 if a
    thing is present and 0 if it is absent; kinds: 1 if a kind of area describes the picture and 0 if it cannot be true;
    these three are NaN where that is unknown.
    """

    scene: Tensor
    choices: Tensor
    words: Tensor
    things: Tensor
    kinds: Tensor

    def split(self, scores: Tensor) -> tuple[Tensor, ...]:
        """Return the scores [batch, targets] of scenes, words, things and kinds."""
        columns = (self.choices, self.words, self.things, self.kinds)
        return scores.split([part.shape[1] for part in columns], dim=1)


class LabelTargets:
    """What an encoder learns to predict: kinds of areas, and the scenes, caption words and things of its pictures."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.scenes = sorted({(sample.dataset, sample.record.scene) for sample in samples if sample.record.scene})
        self.things = sorted({thing for sample in samples for thing in sample.presence})
        counts = Counter(word for sample in samples for word in {*chain(*_words(sample))})
        self.words = sorted(word for word, count in counts.items() if count >= _WORD_PICTURES)

    def __len__(self) -> int:
        return len(self.scenes) + len(self.words) + len(self.things) + len(KINDS)

    def labels(self, samples: Sequence[Sample]) -> SceneLabels:
        """Return the labels of pictures; they need not be training pictures."""
        index = {pair: number for number, pair in enumerate(self.scenes)}
        column = {word: number for number, word in enumerate(self.words)}
        datasets = torch.tensor([dataset for dataset, _ in self.scenes], dtype=torch.long)
        words = torch.zeros(len(samples), len(self.words))
        for row, sample in enumerate(samples):
            for word in chain(*_words(sample)):
                if word in column:
                    words[row, column[word]] += 1 / len(sample.sentences)
            if not sample.sentences:
                words[row] = torch.nan
        scene = torch.tensor([index.get((sample.dataset, sample.record.scene), -1) for sample in samples])
        choices = torch.tensor([sample.dataset for sample in samples], dtype=torch.long)[:, None] == datasets
        things, kinds = thing_labels(samples, self.things), kind_labels(samples, list(KINDS))
        return SceneLabels(scene, choices, words, things, kinds)


class LabelReader(nn.Module):
    """An encoder with a head that predicts labels from the mean of its cells; no model keeps the head."""

    def __init__(self, encoder: nn.Module, vision: VisionConfig, targets: int) -> None:
        super().__init__()
        self.encoder, self._vision = encoder, vision
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(vision.width, targets))

    def forward(self, pixels: Tensor) -> Tensor:
        """uint8 or float [batch, 3, size, size], 0..255 -> [batch, targets]."""
        ready = normalize(pixels, self._vision).to(memory_format=torch.channels_last)
        return cast(Tensor, self.head(self.encoder(ready).float().mean(1)))


def adapt_encoder(
    encoder: nn.Module,
    corpus: Corpus,
    vision: VisionConfig,
    recipe: AdaptationStage,
    device: torch.device,
    *,
    objects: ObjectTask | None = None,
    seed: int = 42,
    out: Path | None = None,
) -> tuple[LabelReader, LabelTargets]:
    """Fine-tune the encoder in place. Return it with the head that reads its labels, and what the head predicts.

    objects: a second task, of which the recipe's number of crops are learned in each step. out: folder of a checkpoint,
    from which a killed run resumes exactly; None for no checkpoint. The caller deletes it.
    """
    targets = LabelTargets(corpus.samples)
    labels = targets.labels(corpus.samples)
    reader = LabelReader(encoder, vision, len(targets)).to(device)
    encoder.requires_grad_(True)  # evaluation mode stays on: batches are too small for batch-norm statistics
    learned = nn.ModuleList([reader, *([objects.to(device).finder] if objects else [])])
    optimizer = torch.optim.AdamW(learned.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    schedule = LearningRateSchedule(recipe.steps, _WARMUP, recipe.learning_rate)
    scaler = torch.amp.GradScaler(device.type, enabled=False)
    first = load_checkpoint(out, learned, optimizer, scaler, name=CHECKPOINT) if out else 0
    bar = tqdm(range(first, recipe.steps), "adapting the encoder", recipe.steps, initial=first)
    for step in bar:
        torch.manual_seed(seed * 1_000_003 + step)
        picked = corpus.weights.multinomial(recipe.batch)
        pixels = augment(_as_sensors(corpus.pixels[picked], f"{seed}/{step}").to(device), recipe.size)
        with autocast(device, number_format("auto", device)):
            scores = reader(pixels).float()
        loss = _loss(scores, SceneLabels(*(tensor[picked].to(device) for tensor in vars(labels).values())))
        if objects:
            loss = loss + recipe.crop_weight * objects.loss(recipe.crops, f"{seed}/{step}", device)
        schedule.descend(optimizer, loss, step)
        if step % 20 == 0:
            check_learning(reader, [], step + 1, "encoder")
            bar.set_postfix(loss=f"{loss.item():.3f}")
        if out and (step + 1) % _CHECKPOINT_EVERY == 0:
            save_checkpoint(out, learned, optimizer, scaler, step + 1, name=CHECKPOINT)
    check_learning(reader, [], recipe.steps, "encoder")
    encoder.requires_grad_(False)
    return reader.eval(), targets


@torch.no_grad()
def read_labels(reader: LabelReader, pixels: Tensor) -> Tensor:
    """Return the scores of pictures, [pictures, targets] on the CPU. pixels: uint8 [pictures, 3, size, size]."""
    device = reader.head[1].weight.device
    return torch.cat([reader(part.to(device)).float().cpu() for part in pixels.split(64)])


def scene_accuracy(reader: LabelReader, labels: SceneLabels, corpus: Corpus) -> list[float]:
    """Return the share of correct scenes per data set that has scenes, in percent, among the scenes of that set."""
    scenes, *_ = labels.split(read_labels(reader, corpus.pixels))
    scores = scenes.masked_fill(~labels.choices, -torch.inf)
    has_scene = torch.tensor([bool(sample.record.scene) for sample in corpus.samples])
    correct = (scores.argmax(1) == labels.scene)[has_scene].float()
    datasets = torch.tensor([sample.dataset for sample in corpus.samples])[has_scene]
    return [round(100 * correct[datasets == number].mean().item(), 1) for number in datasets.unique().tolist()]


def _as_sensors(pixels: Tensor, seed: str) -> Tensor:
    """Return a batch with a share of its pictures as other sensors would take them. pixels: uint8 [batch, 3, …]."""
    shown = torch.rand(len(pixels)) < _SENSOR_SHARE
    return torch.stack(
        [as_other_sensor(part, f"{seed}/{row}") if shown[row] else part for row, part in enumerate(pixels)]
    )


def augment(pixels: Tensor, size: int) -> Tensor:
    """uint8 [batch, 3, side, side] -> float [batch, 3, size, size]: symmetries, crops of at least half, brightness."""
    parts = [view(part, int(torch.randint(VIEWS, ()))) for part in pixels.chunk(8)]
    turned = torch.cat(parts).float()
    batch = len(turned)
    scale = torch.empty(batch, 1, 1).uniform_(0.7, 1.0)
    shift = (torch.rand(batch, 2, 1) * 2 - 1) * (1 - scale)
    theta = torch.cat([torch.eye(2).expand(batch, 2, 2) * scale, shift], dim=2).to(pixels.device)
    grid = F.affine_grid(theta, [batch, 3, size, size], align_corners=False)
    cropped = F.grid_sample(turned, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    gain = torch.empty(batch, 3, 1, 1).uniform_(0.9, 1.1) * torch.empty(batch, 1, 1, 1).uniform_(0.8, 1.2)
    return (cropped * gain.to(pixels.device)).clamp(0, 255)


def _loss(scores: Tensor, labels: SceneLabels) -> Tensor:
    """Cross-entropy over the scenes of each picture's data set, plus those over kinds, words, things, where known."""
    scenes, words, things, kinds = labels.split(scores)
    known = labels.scene >= 0
    scene = F.cross_entropy(scenes.masked_fill(~labels.choices, -1e4), labels.scene, ignore_index=-1, reduction="sum")
    return (
        scene / known.sum().clamp(min=1)
        + _WORD_SHARE * label_loss(words, labels.words)
        + _THING_SHARE * label_loss(things, labels.things)
        + _KIND_SHARE * kind_loss(kinds, labels.kinds)
    )


def _words(sample: Sample) -> list[set[str]]:
    """Return the lower-case words of each sentence."""
    return [set(re.findall(r"[a-z]+", text.lower())) for text in sample.sentences]
