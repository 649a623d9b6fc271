"""The numbers of parameters of the published models, computed without allocating weights."""

from __future__ import annotations

from functools import cache
from math import prod

import pytest
import torch

from rsgpt_backend.convert.assemble import expected_shapes
from rsgpt_backend.model.published_models import FAMILY


@cache
def shapes_of(name: str) -> dict[str, torch.Size]:
    return expected_shapes(FAMILY[name])


def millions(name: str, prefix: str) -> float:
    """Return the number of parameters of a part of a member, in millions."""
    shapes = shapes_of(name)
    return round(sum(prod(shape) for key, shape in shapes.items() if key.startswith(prefix)) / 1e6, 2)


@pytest.mark.parametrize(
    ("name", "prefix", "count"),
    [
        ("rsgpt-13b", "encoder.", 985.9),
        ("rsgpt-13b", "bridge.qformer.", 185.7),
        ("rsgpt-13b", "bridge.projection.", 3.94),
        ("rsgpt-7b", "bridge.projection.", 3.15),
        ("minigpt4-7b", "bridge.qformer.", 105.1),
        ("minigpt4-llama2-7b", "bridge.qformer.", 0.0),
    ],
)
def test_the_published_numbers_of_parameters(name: str, prefix: str, count: float) -> None:
    assert millions(name, prefix) == pytest.approx(count, abs=0.07)


def test_number_of_trained_parameters() -> None:
    assert millions("rsgpt-13b", "bridge.") == pytest.approx(189.6, abs=0.06)
    assert millions("rsgpt-7b", "bridge.") == pytest.approx(188.8, abs=0.06)
