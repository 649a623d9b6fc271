"""How the learning rate moves over a run. It knows no optimizer."""

from __future__ import annotations

import math


def learning_rate(step: int, steps: int, warmup: int, peak: float, least: float = 0.0) -> float:
    """Linear warm-up, then a cosine down to the least."""
    if step < warmup:
        return peak * (step + 1) / warmup
    share = (step - warmup) / max(steps - warmup, 1)
    return least + (peak - least) * 0.5 * (1 + math.cos(math.pi * min(share, 1)))
