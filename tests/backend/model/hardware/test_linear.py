"""A narrow layer says what its original says, in the same number format; a narrow model answers as a wide one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from rsgpt_backend.convert.conversion import ConversionSources, convert
from rsgpt_backend.model.hardware.linear import FEW, NarrowLinear, by_parts, narrowed
from rsgpt_backend.model.hardware.precision import Precision
from rsgpt_backend.model.vision.encoders import to_bytes
from rsgpt_backend.model.weights import load_model
from tests.backend.family import SIDE, make_hub
from tests.backend.toy import picture

HALF = torch.bfloat16


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("out", [1, 256, 600])
def test_parts_make_the_whole_product(out: int, fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": fast})
    rows, weight = torch.randn(60, 32, dtype=HALF), torch.randn(out, 32, dtype=HALF)
    got, wanted = by_parts(rows, weight), rows.float() @ weight.float().T
    assert got.dtype is (HALF if fast else torch.float32)
    torch.testing.assert_close(got.float(), wanted, rtol=1e-2 if fast else 1e-6, atol=5e-2 if fast else 1e-5)


def test_parts_lie_where_the_matrix_lies() -> None:
    assert by_parts(torch.ones(60, 32, device="meta"), torch.ones(300, 32, device="meta")).shape == (60, 300)


@pytest.mark.parametrize("rows", [1, FEW, FEW + 1])
@pytest.mark.parametrize("values", [torch.float32, HALF])
@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_says_what_its_original_says(rows: int, values: torch.dtype, bias: bool) -> None:
    torch.manual_seed(rows)
    layer = nn.Linear(32, 300, bias=bias, dtype=HALF)
    asked = torch.randn(1, rows, 32).to(values)
    got, wanted = NarrowLinear(layer)(asked), layer.float()(asked.float())
    assert (got.dtype, got.shape) == (values, wanted.shape)
    torch.testing.assert_close(got.float(), wanted, rtol=2e-2, atol=2e-2)


def test_every_plain_layer_of_a_model_is_changed_and_no_other() -> None:
    model = narrowed(nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.ReLU(), nn.Linear(2, 2)), nn.Conv2d(1, 1, 1)))
    assert [type(layer) for layer in model.modules() if not list(layer.children())] == [
        NarrowLinear, nn.ReLU, NarrowLinear, nn.Conv2d,
    ]  # fmt: skip


def test_a_narrow_encoder_sees_exactly_what_a_wide_one_sees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)  # where 16 bits are fast, no encoder is narrow
    make_hub("instructblip-vicuna", tmp_path / "source")
    convert(ConversionSources([tmp_path / "source"]), tmp_path / "model")
    wide, narrow = load_model(tmp_path / "model"), load_model(tmp_path / "model", Precision(HALF, narrow=True))
    kept = [layer.weight.dtype for layer in narrow.encoder.modules() if isinstance(layer, NarrowLinear)]
    assert kept
    assert set(kept) == {torch.float16}
    pixels = to_bytes([picture(0)], SIDE)
    torch.testing.assert_close(narrow.encode(pixels), wide.encode(pixels), rtol=1e-5, atol=1e-5)
