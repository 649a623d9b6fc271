"""Adapt a vision encoder to aerial pictures once, before it is frozen: scene labels and named objects.

RSGPT's own encoder was pre-trained on billions of pictures; this one saw photographs only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from ..model.config import VisionConfig
from ..model.vision import normalise
from .corpus import Corpus, Subject
from .objects import OBJECTS, mentions
from .recipe import Adaptation
from .views import VIEWS, view


@dataclass(frozen=True)
class Labels:
    """scene: index of the picture's scene among all (data set, scene) pairs; group: the same for its data set's
    range of scenes; objects: share of its sentences that name each object."""

    scene: Tensor
    choices: Tensor
    objects: Tensor


def labels_of(subjects: Sequence[Subject]) -> Labels:
    """Targets of all pictures: scene [n], choices bool [n, scenes] (of its own data set), objects [n, objects]."""
    scenes = sorted({(subject.dataset, subject.record.scene) for subject in subjects})
    index = {pair: number for number, pair in enumerate(scenes)}
    datasets = torch.tensor([dataset for dataset, _ in scenes])
    scene = torch.tensor([index[subject.dataset, subject.record.scene] for subject in subjects])
    named = [
        [count / len(subject.record.captions) for count in mentions(subject.record.captions).values()]
        for subject in subjects
    ]
    choices = torch.stack([datasets == subject.dataset for subject in subjects])
    return Labels(scene, choices, torch.tensor(named))


def adapt_encoder(
    encoder: nn.Module, corpus: Corpus, vision: VisionConfig, recipe: Adaptation, device: torch.device
) -> None:
    """Fine-tune in place; the heads that read the labels are thrown away."""
    labels = labels_of(corpus.subjects)
    heads = nn.Sequential(nn.Dropout(0.2), nn.Linear(vision.width, labels.choices.shape[1] + len(OBJECTS))).to(device)
    encoder.requires_grad_(True)  # and left in evaluation mode: batches are too small for batch norm's statistics
    modules = nn.ModuleList([encoder, heads])
    optimizer = torch.optim.AdamW(modules.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    bar = tqdm(range(recipe.steps), desc="adapting the encoder")
    for step in bar:
        torch.manual_seed(step)
        picked = torch.randint(len(corpus.subjects), (recipe.batch,))
        pixels = augment(corpus.pixels[picked].to(device), recipe.size).to(memory_format=torch.channels_last)
        with torch.autocast(device.type, torch.bfloat16):
            scores = heads(encoder(normalise(pixels, vision)).float().mean(1)).float()
        loss = _loss(scores, Labels(*(tensor[picked].to(device) for tensor in vars(labels).values())))
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate * _cosine(step, recipe.steps)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 20 == 0:
            bar.set_postfix(loss=f"{loss.item():.3f}")
    encoder.requires_grad_(False).eval()


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


def _loss(scores: Tensor, labels: Labels) -> Tensor:
    """Cross-entropy over the scenes of the picture's own data set, and over each object's share of sentences."""
    scenes, objects = scores.split([labels.choices.shape[1], labels.objects.shape[1]], dim=1)
    scene = F.cross_entropy(scenes.masked_fill(~labels.choices, -1e4), labels.scene)
    return scene + 4 * F.binary_cross_entropy_with_logits(objects, labels.objects)


def _cosine(step: int, steps: int, warmup: int = 100) -> float:
    """Learning rate as a share of its peak."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(steps - warmup, 1)))
