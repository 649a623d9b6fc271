"""A product is timed several times."""

from __future__ import annotations

import torch

from rsgpt_backend.model.hardware import timing


def test_product_is_called_several_times() -> None:
    calls = []

    def product(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        calls.append((left, right))
        return left @ right

    matrix = torch.ones(8, 8)
    assert 0 < timing.seconds(product, matrix, matrix) < 1
    assert len(calls) > 1
