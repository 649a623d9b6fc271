"""The number format of a training run."""

from __future__ import annotations

import pytest
import torch

from rsgpt_backend.errors import UsageError
from rsgpt_backend.train import number_formats
from rsgpt_backend.train.number_formats import number_format


@pytest.mark.parametrize(("fast", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
def test_auto_selects_the_fastest_format(fast: bool, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(number_formats, "has_fast_bfloat16", lambda device: fast)
    assert number_format("auto", torch.device("cpu")) is dtype


def test_an_unknown_precision_is_refused() -> None:
    assert number_format("fp16", torch.device("cpu")) is torch.float16
    with pytest.raises(UsageError, match="auto, bf16, fp16, fp32"):
        number_format("fp8", torch.device("cpu"))
