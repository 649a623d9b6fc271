"""Which number format a machine trains fastest in."""

from __future__ import annotations

import pytest
import torch

from rsgpt_backend.errors import UsageError
from rsgpt_backend.train.precision import has_fast_bfloat16, number_format


@pytest.mark.parametrize(("capabilities", "fast"), [({"amx_bf16": True}, True), ({"avx512_bf16": True}, False)])
def test_a_processor_needs_amx(capabilities: dict[str, bool], fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert has_fast_bfloat16(torch.device("cpu")) is fast
    assert has_fast_bfloat16(torch.device("cuda")) is True


def test_an_unknown_precision_is_refused() -> None:
    assert number_format("fp16", torch.device("cpu")) is torch.float16
    with pytest.raises(UsageError, match="auto, bf16, fp16, fp32"):
        number_format("fp8", torch.device("cpu"))
