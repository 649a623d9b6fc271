"""Whether a training still computes numbers: with NaN in its weights it would run to its end and learn nothing."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..errors import RsgptError
from ..model.language.pretrained import is_finite


def check_learning(module: nn.Module, losses: Sequence[Tensor], step: int, lesson: str) -> None:
    """End a training whose weights are no numbers any more, or of whose losses none is one.

    A single loss may be: where 16 bits do not hold a gradient, its step is left out. losses: since the last check or
    milestone; step: how many are done; lesson: what is trained, for the sentence.
    """
    is_learning = any(bool(torch.isfinite(loss)) for loss in losses) or not losses
    if not is_learning or not all(is_finite(parameter) for parameter in module.parameters()):
        raise RsgptError(
            f"The training of the {lesson} ended at step {step}: its loss is NaN or infinite. Lower the learning rate "
            "in the recipe, or look for damaged data. No model was written, and what was kept before is as it was."
        )


def mean(losses: Sequence[Tensor]) -> float:
    """Of the losses that are numbers."""
    stacked = torch.stack(list(losses))
    return float(stacked[torch.isfinite(stacked)].mean().item())
