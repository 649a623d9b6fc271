"""A product that is timed: how often, and what is told of it."""

from __future__ import annotations

import torch

from rsgpt_backend.model.hardware import timing


def test_one_of_several_is_told() -> None:
    calls = []

    def product(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        calls.append((one, other))
        return one @ other

    matrix = torch.ones(8, 8)
    assert 0 < timing.seconds(product, matrix, matrix) < 1
    assert len(calls) > 1
