"""A narrow layer returns the values of its original layer; a narrow encoder returns the features of a wide one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from rsgpt_backend.convert.conversion import ConversionSources, convert
from rsgpt_backend.model.hardware.linear import FEW, NarrowLinear, linear_in_parts, narrow_linear_layers
from rsgpt_backend.model.hardware.precision import Precision
from rsgpt_backend.model.vision.encoders import to_bytes
from rsgpt_backend.model.weights import load_model
from tests.backend.family import SIDE, make_hub
from tests.backend.toy import picture

HALF = torch.bfloat16


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("out", [1, 256, 600])
def test_product_in_parts_equals_the_product(out: int, fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": fast})
    rows, weight = torch.randn(60, 32, dtype=HALF), torch.randn(out, 32, dtype=HALF)
    product, wanted = linear_in_parts(rows, weight), rows.float() @ weight.float().T
    assert product.dtype is (HALF if fast else torch.float32)
    torch.testing.assert_close(product.float(), wanted, rtol=1e-2 if fast else 1e-6, atol=5e-2 if fast else 1e-5)


def test_product_in_parts_is_on_the_device_of_the_matrix() -> None:
    assert linear_in_parts(torch.ones(60, 32, device="meta"), torch.ones(300, 32, device="meta")).shape == (60, 300)


@pytest.mark.parametrize("rows", [1, FEW, FEW + 1])
@pytest.mark.parametrize("values", [torch.float32, HALF])
@pytest.mark.parametrize("bias", [True, False])
def test_narrow_layer_equals_its_original(rows: int, values: torch.dtype, bias: bool) -> None:
    torch.manual_seed(rows)
    layer = nn.Linear(32, 300, bias=bias, dtype=HALF)
    inputs = torch.randn(1, rows, 32).to(values)
    outputs, wanted = NarrowLinear(layer)(inputs), layer.float()(inputs.float())
    assert (outputs.dtype, outputs.shape) == (values, wanted.shape)
    torch.testing.assert_close(outputs.float(), wanted, rtol=2e-2, atol=2e-2)


def test_only_plain_linear_layers_are_replaced() -> None:
    model = narrow_linear_layers(
        nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.ReLU(), nn.Linear(2, 2)), nn.Conv2d(1, 1, 1))
    )
    assert [type(layer) for layer in model.modules() if not list(layer.children())] == [
        NarrowLinear, nn.ReLU, NarrowLinear, nn.Conv2d,
    ]  # fmt: skip


def test_narrow_encoder_returns_the_features_of_a_wide_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)  # an encoder is narrow only if 16 bits are slow
    make_hub("instructblip-vicuna", tmp_path / "source")
    convert(ConversionSources([tmp_path / "source"]), tmp_path / "model")
    wide, narrow = load_model(tmp_path / "model"), load_model(tmp_path / "model", Precision(HALF, narrow=True))
    formats = [layer.weight.dtype for layer in narrow.encoder.modules() if isinstance(layer, NarrowLinear)]
    assert formats
    assert set(formats) == {torch.float16}
    pixels = to_bytes([picture(0)], SIDE)
    torch.testing.assert_close(narrow.encode(pixels), wide.encode(pixels), rtol=1e-5, atol=1e-5)
