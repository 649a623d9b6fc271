"""The learning rate over the steps of a run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer


@dataclass(frozen=True)
class LearningRateSchedule:
    """A linear warm-up from `first` to `peak` in `warmup` steps, then a cosine down to `minimum`.

    through: the cosine starts with the run, as in LAVIS, and is a little lower when the warm-up ends.
    """

    steps: int
    warmup: int
    peak: float
    minimum: float = 0.0
    first: float = 0.0
    through: bool = False

    def rate(self, step: int) -> float:
        """Return the learning rate of a step, counted from 0."""
        if step < self.warmup:
            return self.first + (self.peak - self.first) * (step + (not self.through)) / self.warmup
        start = 0 if self.through else self.warmup
        share = (step - start) / max(self.steps - start, 1)
        return self.minimum + (self.peak - self.minimum) * 0.5 * (1 + math.cos(math.pi * min(share, 1)))

    def descend(self, optimizer: Optimizer, loss: Tensor, step: int) -> None:
        """Reduce a loss by one step of an optimizer, at the learning rate of the step."""
        for group in optimizer.param_groups:
            group["lr"] = self.rate(step)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
