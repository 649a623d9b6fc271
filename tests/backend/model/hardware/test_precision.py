"""The precisions by name on each device; the command line offers the same names."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from rsgpt_backend.commands.model_options import PRECISIONS
from rsgpt_backend.model.hardware import packed_linear
from rsgpt_backend.model.hardware import precision as precision_module
from rsgpt_backend.model.hardware.precision import FLOAT32, NAMES, Precision, has_fast_bfloat16, precision

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize("faster", [0.5, 1.0, 2.0])
def test_bfloat16_is_timed_on_a_cpu_without_amx(faster: float, monkeypatch: pytest.MonkeyPatch) -> None:
    timed = []

    def seconds(product: object, left: torch.Tensor, right: torch.Tensor) -> float:
        timed.append((product, left.dtype))
        return 1 / faster if right.dtype == torch.bfloat16 else 1.0

    monkeypatch.setattr(precision_module, "seconds", seconds)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    precision_module._is_bfloat16_faster.cache_clear()
    assert [has_fast_bfloat16(CPU), has_fast_bfloat16(CPU)] == [faster > 1] * 2
    assert len(timed) == 2
    precision_module._is_bfloat16_faster.cache_clear()


@pytest.mark.parametrize("fast", [True, False])
def test_encoder_uses_16_bits_if_they_are_fast(fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": fast})
    assert has_fast_bfloat16(CPU) is fast
    wide, narrow = Precision(torch.bfloat16, 8, torch.bfloat16), Precision(torch.bfloat16, 8, narrow=True)
    assert precision("int8", CPU) == (wide if fast else narrow)
    assert precision("fp32", CPU) == FLOAT32
    assert precision("fp16", GPU) == Precision(torch.float16, 0, torch.float16)
    assert precision("int4", GPU) == Precision(torch.bfloat16, 4, torch.float16, portable=True)
    assert not precision("int4", CPU).portable


def test_command_line_offers_all_precisions() -> None:
    assert ("auto", *NAMES) == PRECISIONS


@pytest.mark.parametrize("measure", [precision_module._is_bfloat16_faster, packed_linear.is_packing_faster])
def test_timing_leaves_random_numbers_unchanged(measure: Any) -> None:
    measure.cache_clear()
    before = torch.get_rng_state()
    measure()
    assert torch.equal(torch.get_rng_state(), before)
