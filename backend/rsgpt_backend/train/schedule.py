"""How the learning rate moves over a run. It knows no optimizer."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class LearningRateSchedule:
    """warmup: steps from `first` to `peak`, in a line; then a cosine down to `least`.

    through: the cosine began with the run, as in LAVIS, and is a little lower where the warm-up ends.
    """

    steps: int
    warmup: int
    peak: float
    least: float = 0.0
    first: float = 0.0
    through: bool = False

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        if step < self.warmup:
            return self.first + (self.peak - self.first) * (step + (not self.through)) / self.warmup
        begin = 0 if self.through else self.warmup
        share = (step - begin) / max(self.steps - begin, 1)
        return self.least + (self.peak - self.least) * 0.5 * (1 + math.cos(math.pi * min(share, 1)))
