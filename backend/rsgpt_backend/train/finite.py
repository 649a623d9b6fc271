"""Checks for NaN and infinity in losses and weights: a training run with NaN weights would learn nothing."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..errors import RsgptError
from ..model.language.pretrained import is_finite


def check_learning(module: nn.Module, losses: Sequence[Tensor], step: int, lesson: str) -> None:
    """Raise RsgptError if a weight is NaN or infinite, or if all losses are.

    Single losses may be: if a gradient overflows in 16 bits, its step is skipped. losses: since the last check or
    milestone; step: number of finished steps; lesson: name of the trained part, for the message.
    """
    is_learning = any(bool(torch.isfinite(loss)) for loss in losses) or not losses
    if not is_learning or not all(is_finite(parameter) for parameter in module.parameters()):
        raise RsgptError(
            f"The training of the {lesson} ended at step {step}: its loss is NaN or infinite. Lower the learning rate "
            "in the recipe, or look for damaged data. No model was written; earlier checkpoints are unchanged."
        )


def finite_mean(losses: Sequence[Tensor]) -> float:
    """Return the mean of the finite losses."""
    stacked = torch.stack(list(losses))
    return float(stacked[torch.isfinite(stacked)].mean().item())
