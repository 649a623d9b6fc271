"""The novelty detector: how far a picture is from the training pictures, so that confidences can be lowered.

The squared Mahalanobis distance of the mean of the encoder's cells, in the directions in which the training pictures
vary most; in all others, the variance is the same (Moghaddam and Pentland, "Probabilistic Visual Learning for Object
Representation", 1997).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..config import NoveltyConfig

_SMALLEST_VARIANCE = 1e-9


class NoveltyDetector(nn.Module):
    """Statistics of the training pictures."""

    mean: Tensor
    axes: Tensor
    variances: Tensor
    rest: Tensor
    limit: Tensor

    def __init__(self, config: NoveltyConfig, vision_width: int) -> None:
        super().__init__()
        self._quantile = config.quantile
        self.register_buffer("mean", torch.zeros(vision_width))
        self.register_buffer("axes", torch.zeros(config.axes, vision_width))
        self.register_buffer("variances", torch.ones(config.axes))
        self.register_buffer("rest", torch.ones(1))
        self.register_buffer("limit", torch.ones(1))

    def forward(self, features: Tensor) -> Tensor:
        """features: [batch, cells, vision width] -> [batch], 0 for usual pictures; 1: twice their squared distance."""
        return torch.relu(self._distances(features.float().mean(1)) / self.limit - 1)

    @torch.no_grad()
    def fit(self, means: Tensor) -> None:
        """Measure the training pictures. means: of their cells, [pictures, vision width], at least two pictures."""
        self.mean.copy_(means.mean(0))
        variances, axes = torch.linalg.eigh(torch.cov((means - self.mean).T.double()))
        count = len(self.axes)
        self.axes.copy_(axes.T.flip(0)[:count])
        self.variances.copy_(variances.flip(0)[:count].clamp(min=_SMALLEST_VARIANCE))
        self.rest.copy_(variances.flip(0)[count:].mean().clamp(min=_SMALLEST_VARIANCE))
        self.limit.copy_(self._distances(means).quantile(self._quantile).clamp(min=_SMALLEST_VARIANCE))

    def _distances(self, means: Tensor) -> Tensor:
        """[pictures, vision width] -> the squared distances, [pictures]."""
        offsets = means - self.mean
        along = offsets @ self.axes.T
        beside = (offsets**2).sum(1) - (along**2).sum(1)
        return (along**2 / self.variances).sum(1) + beside.clamp(min=0) / self.rest
