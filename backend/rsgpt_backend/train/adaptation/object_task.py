"""Finding objects as a second task of the encoder while it is adapted."""

from __future__ import annotations

import random

import torch
from torch import Tensor, nn

from ...errors import UsageError
from ...model.config import ModelConfig
from ...model.heads.finder.network import Finder, FinderMaps
from ...model.heads.finder.search import padding_color
from ...model.vision.efficientnet import EfficientNetLite
from ...model.vision.encoders import normalize
from ..finder.crops import FinderPictures
from ..finder.losses import finder_loss
from ..finder.settings import FinderStage
from ..number_formats import autocast, number_format


class ObjectTask(nn.Module):
    """A finder that learns together with the encoder, so that the encoder's grids show where objects are.

    It is discarded afterwards; the model's own finder is trained with the adapted, frozen encoder.
    """

    def __init__(
        self, encoder: EfficientNetLite, model: ModelConfig, pictures: FinderPictures, stage: FinderStage
    ) -> None:
        """Raises UsageError if the model has no finder."""
        super().__init__()
        if model.finder is None:
            raise UsageError("The encoder cannot learn from crops without a finder. Add one, or set crops to 0.")
        self.finder = Finder(model.finder, encoder.grid_channels)
        self._grids, self._config, self._vision = encoder.grids, model.finder, model.vision
        self._pictures, self._stage = pictures, stage

    def loss(self, count: int, seed: str, device: torch.device) -> Tensor:
        """Return the loss for crops that depend on the seed, `count` of them."""
        rng = random.Random(f"adaptation/{seed}")  # nosec B311 - drawing examples is no secret
        pixels, targets = self._pictures.draw(rng, count, self._stage, self._config, padding_color(self._vision.mean))
        ready = normalize(pixels.to(device), self._vision).to(memory_format=torch.channels_last)
        with autocast(device, number_format("auto", device)):
            maps: FinderMaps = self.finder([grid.float() for grid in self._grids(ready)])
        return finder_loss(maps, targets.to(device))
