"""The loss of the finder: focal loss of centers, L1 of boxes at centers, cross-entropy of regions and their shares."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ...model.heads.finder.network import FinderMaps
from .targets import FinderTargets

_FOCUS, _NEAR = 2, 4  # exponents of CornerNet and CenterNet
_FEWEST_OBJECTS = 4  # a batch with fewer of a label counts as one with so many
_SIZES, _OFFSETS, _REGIONS, _SHARES = 1.0, 0.3, 1.0, 0.3  # weights next to the centers
_EVEN = 1e-4  # distance of a predicted share from 0 and 1


def finder_loss(output: FinderMaps, targets: FinderTargets) -> Tensor:
    """Return the loss of a batch, a scalar; what the targets do not know adds nothing."""
    loss = center_loss(output.centers.float(), targets)
    loss = loss + _SIZES * _distance(output.sizes.float(), targets.sizes, targets.has_size)
    loss = loss + _OFFSETS * _distance(output.offsets.float(), targets.offsets, targets.is_center)
    return loss + region_loss(output.regions.float(), targets)


def center_loss(logits: Tensor, targets: FinderTargets) -> Tensor:
    """Penalty-reduced focal loss of the heat maps, per object of each label; see "Objects as Points"."""
    is_center = targets.centers == 1
    sure = logits.sigmoid()
    hit = -((1 - sure) ** _FOCUS) * F.logsigmoid(logits)
    miss = -((1 - targets.centers) ** _NEAR) * sure**_FOCUS * F.logsigmoid(-logits)
    losses = torch.where(is_center, hit, miss) * targets.center_weights
    objects = (is_center & (targets.center_weights > 0)).sum((0, 2, 3)).clamp(min=_FEWEST_OBJECTS)
    return (losses.sum((0, 2, 3)) / objects).sum()


def _distance(found: Tensor, wanted: Tensor, is_known: Tensor) -> Tensor:
    """Return the mean L1 distance of maps where the targets are known."""
    return ((found - wanted).abs() * is_known).sum() / is_known.sum().clamp(min=_FEWEST_OBJECTS)


def region_loss(logits: Tensor, targets: FinderTargets) -> Tensor:
    """Cross-entropy of the regions in known cells, and of their mean over the picture where only that is known.

    Each region counts the same, however many cells are known of it.
    """
    cells = F.binary_cross_entropy_with_logits(logits, targets.regions, targets.region_weights, reduction="none")
    known = targets.region_weights.sum((0, 2, 3)).clamp(min=1)
    loss = _REGIONS * (cells.sum((0, 2, 3)) / known).sum()
    covered = (logits.sigmoid() * targets.inside).sum((2, 3)) / targets.inside.sum((2, 3)).clamp(min=1)
    covered = covered.clamp(_EVEN, 1 - _EVEN)
    # By hand: PyTorch's function raises an error for NaN, but a diverged training ends with a message of its own.
    shares = -(targets.shares * covered.log() + (1 - targets.shares) * (1 - covered).log())
    return loss + _SHARES * (shares * targets.share_weights).sum() / targets.share_weights.sum().clamp(min=1)
