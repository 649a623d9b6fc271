"""How long a product takes on this machine, tried out. It decides nothing and takes no random numbers."""

from __future__ import annotations

import time
from collections.abc import Callable

from torch import Tensor

_TIMES = 8


def seconds(product: Callable[..., Tensor], *factors: Tensor) -> float:
    """The shortest of some; the first prepares what it needs."""
    taken = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        product(*factors)
        taken.append(time.perf_counter() - began)
    return min(taken)
