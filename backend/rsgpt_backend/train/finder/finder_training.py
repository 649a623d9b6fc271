"""Training of the finder with a frozen encoder; a killed run resumes exactly.

Encoding takes longer than learning, so crops are drawn and encoded in rounds, and each crop is learned several times
within its round. A round depends only on the seed and its number.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from tqdm import tqdm

from ...model.heads.finder.network import Finder, FinderMaps
from ...model.heads.finder.search import finder_of, padding_color
from ...model.rsgpt import Rsgpt
from ...model.vision.efficientnet import EfficientNetLite
from ...model.vision.encoders import channels_last, normalize
from ..finite import check_learning
from ..number_formats import autocast, number_format
from ..recipe import Recipe
from ..run_files import load_checkpoint, read_tensors, save_checkpoint, write_tensors
from ..schedule import LearningRateSchedule
from .crops import FinderPictures
from .losses import finder_loss
from .settings import FinderStage
from .targets import FinderTargets
from .thresholds import choose_thresholds

_FINISHED, _CHECKPOINT = "finder.safetensors", "finder-checkpoint.safetensors"
_ENCODED_AT_ONCE = 16


def train_finder(model: Rsgpt, data: Path, recipe: Recipe, device: torch.device, out: Path) -> dict[str, float]:
    """Train the finder of a model on its device, choose its thresholds, and return these by label.

    The weights are in `out` afterwards, and if they already are, nothing is trained. data: folder of the data sets;
    device: of the model. Raises ModelError if the model has no finder, RsgptError if the loss is not finite.
    """
    finder, _ = finder_of(model)
    out.mkdir(parents=True, exist_ok=True)
    if (out / _FINISHED).exists():
        finder.load_state_dict(read_tensors(out / _FINISHED))
    else:
        stage = replace(recipe.finder, seed=recipe.seed)
        FinderTrainer(model, FinderPictures(data, recipe.train), stage, device, out).run()
        write_tensors(finder.state_dict(), out / _FINISHED)
    return choose_thresholds(model, data, recipe.validate, recipe.finder.validated)


class FinderTrainer:
    """One run: rounds of encoded crops, a checkpoint after each round."""

    def __init__(
        self, model: Rsgpt, pictures: FinderPictures, stage: FinderStage, device: torch.device, out: Path
    ) -> None:
        finder, self._config = finder_of(model)
        self._finder = cast(Finder, channels_last(finder).requires_grad_(True))
        self._vision, self._pictures, self._stage = model.config.vision, pictures, stage
        self._device, self._out = device, out
        self._encoder = cast(EfficientNetLite, deepcopy(model.encoder))
        self._encoder.fold()
        self._dtype = number_format("auto", device)
        self._trained = nn.ModuleDict({"finder": self._finder})
        self._optimizer = _optimizer(self._finder, stage)
        self._scaler = torch.amp.GradScaler(device.type, enabled=False)
        self._schedule = LearningRateSchedule(stage.steps, stage.warmup, stage.learning_rate)

    def run(self) -> None:
        """Train from the last checkpoint, or from the start, to the end."""
        per_round = self._stage.round_batches * self._stage.reuse
        first = load_checkpoint(self._out, self._trained, self._optimizer, self._scaler, name=_CHECKPOINT)
        with tqdm(total=self._stage.steps, initial=first, desc="training the finder") as bar:
            while first < self._stage.steps:
                count = min(per_round, self._stage.steps - first)
                losses = self._round(first // per_round, first, count, bar)
                first += count
                check_learning(self._finder, losses, first, "finder")
                save_checkpoint(self._out, self._trained, self._optimizer, self._scaler, first, name=_CHECKPOINT)
        self._finder.requires_grad_(False)
        (self._out / _CHECKPOINT).unlink(missing_ok=True)

    def _round(self, number: int, first: int, count: int, bar: tqdm[None]) -> list[Tensor]:
        """Learn `count` batches of newly encoded crops, and return the losses. first: number of the first step."""
        stage = self._stage
        batches = min(stage.round_batches, count)
        rng = random.Random(f"{stage.seed}/{number}")  # nosec B311 - drawing examples is no secret
        fill = padding_color(self._vision.mean)
        pixels, targets = self._pictures.draw(rng, batches * stage.batch, stage, self._config, fill)
        grids = self._encode(pixels)
        losses = []
        for step in range(first, first + count):
            place = (step - first) % batches
            if place == 0:
                order = torch.tensor(rng.sample(range(len(pixels)), len(pixels)))
            picked = order[place * stage.batch : (place + 1) * stage.batch]
            loss = self._step([grid[picked] for grid in grids], targets.rows(picked), step)
            losses.append(loss)
            bar.update()
            bar.set_postfix(loss=f"{loss.item():.2f}", refresh=False)
        return losses

    def _step(self, grids: Sequence[Tensor], targets: FinderTargets, step: int) -> Tensor:
        with autocast(self._device, self._dtype):
            output: FinderMaps = self._finder([grid.to(self._device, torch.float32) for grid in grids])
        loss = finder_loss(output, targets.to(self._device))
        self._optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._finder.parameters(), self._stage.clip)
        for group in self._optimizer.param_groups:
            group["lr"] = self._schedule.rate(step)
        self._optimizer.step()
        return loss.detach()

    @torch.no_grad()
    def _encode(self, pixels: Tensor) -> list[Tensor]:
        """Return the grids of crops in float16 on the CPU, which holds many of them."""
        parts = []
        for part in pixels.split(_ENCODED_AT_ONCE):
            ready = normalize(part.to(self._device), self._vision).to(memory_format=torch.channels_last)
            with autocast(self._device, self._dtype):
                parts.append([grid.to("cpu", torch.float16) for grid in self._encoder.grids(ready)])
        layout = torch.channels_last
        return [torch.cat(list(grids)).contiguous(memory_format=layout) for grids in zip(*parts, strict=True)]


def _optimizer(finder: nn.Module, stage: FinderStage) -> torch.optim.AdamW:
    """Return AdamW with weight decay for kernels only."""
    kernels = [parameter for parameter in finder.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in finder.parameters() if parameter.ndim <= 1]
    groups = [{"params": kernels, "weight_decay": stage.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=stage.learning_rate)
