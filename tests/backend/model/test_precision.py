"""What a name means on a machine, and that the command offers just these names."""

from __future__ import annotations

import pytest
import torch

from rsgpt_backend.commands.loading import PRECISIONS
from rsgpt_backend.model.precision import FLOAT32, NAMES, Precision, has_fast_bfloat16, precision

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize("fast", [True, False])
def test_the_encoder_has_16_bits_where_they_are_fast(fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": fast})
    assert has_fast_bfloat16(CPU) is fast
    wide, narrow = Precision(torch.bfloat16, 8, torch.bfloat16), Precision(torch.bfloat16, 8, narrow=True)
    assert precision("int8", CPU) == (wide if fast else narrow)
    assert precision("fp32", CPU) == FLOAT32
    assert precision("fp16", GPU) == Precision(torch.float16, 0, torch.float16)
    assert precision("int4", GPU) == Precision(torch.bfloat16, 4, torch.float16, portable=True)
    assert not precision("int4", CPU).portable


def test_the_command_offers_what_there_is() -> None:
    assert ("auto", *NAMES) == PRECISIONS
