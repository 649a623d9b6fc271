"""Which number format a machine trains fastest in."""

from __future__ import annotations

import pytest
import torch

from rsgpt_backend.train.precision import has_fast_bfloat16


@pytest.mark.parametrize(("capabilities", "fast"), [({"amx_bf16": True}, True), ({"avx512_bf16": True}, False)])
def test_a_processor_needs_amx(capabilities: dict[str, bool], fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert has_fast_bfloat16(torch.device("cpu")) is fast
    assert has_fast_bfloat16(torch.device("cuda")) is True
