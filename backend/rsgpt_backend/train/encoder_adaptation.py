"""Adapt a vision encoder to aerial pictures once, before it is frozen: scene labels and the words of captions.

RSGPT's own encoder was pre-trained on billions of pictures; this one saw photographs only.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from ..model.config import VisionConfig
from ..model.vision.encoders import normalize
from .examples.corpus import Corpus, Sample
from .examples.views import VIEWS, view
from .finite import check_learning
from .number_formats import autocast, number_format
from .recipe import AdaptationStage
from .schedule import LearningRateSchedule

_WARMUP = 100  # steps
_WORD_PICTURES = 20  # captions of so many pictures must hold a word for it to be learnt
_WORD_SHARE = 0.05  # of the loss: there are hundreds of words and one scene


@dataclass(frozen=True)
class SceneLabels:
    """scene: index of each picture's scene among all (data set, scene) pairs, -1 where it is none of them.

    choices: bool [pictures, scenes], those of its own data set; words: share of its sentences that hold each word.
    """

    scene: Tensor
    choices: Tensor
    words: Tensor


class LabelTargets:
    """What an encoder is tuned to tell: scenes, and words of captions. Made from the pictures it learns from."""

    def __init__(self, subjects: Sequence[Sample]) -> None:
        self.scenes = sorted({(subject.dataset, subject.record.scene) for subject in subjects})
        counts = Counter(word for subject in subjects for word in {*chain(*_words(subject))})
        self.words = sorted(word for word, count in counts.items() if count >= _WORD_PICTURES)

    def __len__(self) -> int:
        return len(self.scenes) + len(self.words)

    def labels(self, subjects: Sequence[Sample]) -> SceneLabels:
        """Labels of pictures, also of such as were not learnt from."""
        index = {pair: number for number, pair in enumerate(self.scenes)}
        place = {word: number for number, word in enumerate(self.words)}
        datasets = torch.tensor([dataset for dataset, _ in self.scenes])
        words = torch.zeros(len(subjects), len(self.words))
        for row, subject in enumerate(subjects):
            for word in chain(*_words(subject)):
                if word in place:
                    words[row, place[word]] += 1 / len(subject.record.captions)
        scene = torch.tensor([index.get((subject.dataset, subject.record.scene), -1) for subject in subjects])
        return SceneLabels(scene, torch.stack([datasets == subject.dataset for subject in subjects]), words)


class LabelReader(nn.Module):
    """An encoder and the head that reads labels off the mean of its cells; the head is thrown away in the end."""

    def __init__(self, encoder: nn.Module, vision: VisionConfig, targets: int) -> None:
        super().__init__()
        self.encoder, self._vision = encoder, vision
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(vision.width, targets))

    def forward(self, pixels: Tensor) -> Tensor:
        """uint8 or float [batch, 3, size, size], 0..255 -> [batch, targets]."""
        ready = normalize(pixels, self._vision).to(memory_format=torch.channels_last)
        return cast(Tensor, self.head(self.encoder(ready).float().mean(1)))


def adapt_encoder(
    encoder: nn.Module, corpus: Corpus, vision: VisionConfig, recipe: AdaptationStage, device: torch.device
) -> Callable[[Corpus], list[float]]:
    """Fine-tune in place. Returns what tells the share of right scenes in each data set of a corpus."""
    targets = LabelTargets(corpus.subjects)
    labels = targets.labels(corpus.subjects)
    reader = LabelReader(encoder, vision, len(targets)).to(device)
    encoder.requires_grad_(True)  # and left in evaluation mode: batches are too small for batch norm's statistics
    optimizer = torch.optim.AdamW(reader.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    schedule = LearningRateSchedule(recipe.steps, _WARMUP, recipe.learning_rate)
    bar = tqdm(range(recipe.steps), desc="adapting the encoder")
    for step in bar:
        torch.manual_seed(step)
        picked = corpus.weights.multinomial(recipe.batch)
        pixels = augment(corpus.pixels[picked].to(device), recipe.size)
        with autocast(device, number_format("auto", device)):
            scores = reader(pixels).float()
        loss = _loss(scores, SceneLabels(*(tensor[picked].to(device) for tensor in vars(labels).values())))
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate(step)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 20 == 0:
            check_learning(reader, [], step + 1, "encoder")
            bar.set_postfix(loss=f"{loss.item():.3f}")
    check_learning(reader, [], recipe.steps, "encoder")
    encoder.requires_grad_(False)
    return lambda other: scene_accuracy(reader.eval(), targets.labels(other.subjects), other)


@torch.no_grad()
def scene_accuracy(reader: LabelReader, labels: SceneLabels, corpus: Corpus) -> list[float]:
    """Share of right scenes in each data set, in percent, among the scenes of that data set."""
    device = reader.head[1].weight.device
    parts = [reader(pixels.to(device)).cpu() for pixels in corpus.pixels.split(64)]
    scores = torch.cat(parts)[:, : labels.choices.shape[1]].masked_fill(~labels.choices, -torch.inf)
    right = (scores.argmax(1) == labels.scene).float()
    datasets = torch.tensor([subject.dataset for subject in corpus.subjects])
    return [round(100 * right[datasets == number].mean().item(), 1) for number in datasets.unique().tolist()]


def augment(pixels: Tensor, size: int) -> Tensor:
    """uint8 [batch, 3, side, side] -> float [batch, 3, size, size]: symmetries, crops of half to all, brightness."""
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
    """Cross-entropy over the scenes of the picture's own data set, and over each word's share of sentences."""
    scenes, words = scores.split([labels.choices.shape[1], labels.words.shape[1]], dim=1)
    scene = F.cross_entropy(scenes.masked_fill(~labels.choices, -1e4), labels.scene)
    return scene + _WORD_SHARE * F.binary_cross_entropy_with_logits(words, labels.words, reduction="sum") / len(scores)


def _words(subject: Sample) -> list[set[str]]:
    """The words of each sentence, in lower case."""
    return [set(re.findall(r"[a-z]+", text.lower())) for text in subject.record.captions]
