"""A training run continues after a skipped step, and ends when its weights are NaN."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from rsgpt_backend.errors import RsgptError
from rsgpt_backend.train.finite import check_learning, finite_mean

ONE, NAN = torch.tensor(1.0), torch.tensor(float("nan"))


def test_some_losses_may_be_nan() -> None:
    check_learning(nn.Linear(2, 2), [NAN, ONE], 50, "bridge")
    check_learning(nn.Linear(2, 2), [], 50, "bridge")
    assert finite_mean([NAN, ONE, 3 * ONE]) == 2


def test_all_losses_may_not_be_nan() -> None:
    with pytest.raises(RsgptError, match="bridge ended at step 50: its loss is NaN or infinite"):
        check_learning(nn.Linear(2, 2), [NAN, torch.tensor(float("inf"))], 50, "bridge")


def test_a_weight_may_not_be_nan() -> None:
    layer = nn.Linear(2, 2)
    layer.weight.data[0, 1] = float("inf")
    with pytest.raises(RsgptError, match="ended at step 50"):
        check_learning(layer, [ONE], 50, "bridge")
