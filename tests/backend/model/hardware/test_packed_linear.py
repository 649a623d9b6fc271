"""A packed layer returns the values of its original layer; other layers stay unchanged."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from rsgpt_backend.model.hardware import packed_linear as packed_module
from rsgpt_backend.model.hardware.linear import NarrowLinear
from rsgpt_backend.model.hardware.packed_linear import PackedLinear, is_packing_faster, pack_linear_layers


@pytest.fixture
def packing_is_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make packing count as faster on any machine."""
    if not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        pytest.skip("this PyTorch has no oneDNN")
    monkeypatch.setattr(packed_module, "is_packing_faster", lambda: True)


@pytest.mark.usefixtures("packing_is_faster")
@pytest.mark.parametrize("shape", [(1, 40), (7, 40), (3, 5, 40), (200, 1, 40)])
@pytest.mark.parametrize("bias", [True, False])
@torch.inference_mode()
def test_packed_layer_equals_its_original(shape: tuple[int, ...], bias: bool) -> None:
    layer, values = nn.Linear(40, 90, bias=bias).requires_grad_(False), torch.randn(shape)
    outputs = PackedLinear(layer)(values)
    assert outputs.shape == (*shape[:-1], 90)
    torch.testing.assert_close(outputs, layer(values), atol=1e-5, rtol=1e-5)
    view = values.transpose(0, -2)[..., :40]
    torch.testing.assert_close(PackedLinear(layer)(view), layer(view), atol=1e-5, rtol=1e-5)


@pytest.mark.usefixtures("packing_is_faster")
def test_only_plain_float32_layers_on_the_cpu_are_packed() -> None:
    others = [nn.Linear(4, 4).half(), NarrowLinear(nn.Linear(4, 4)), nn.Linear(4, 4, device="meta")]
    model = pack_linear_layers(nn.Sequential(nn.Linear(4, 4).requires_grad_(False), nn.Sequential(*others)))
    assert isinstance(model, nn.Sequential)
    assert isinstance(model[0], PackedLinear)
    assert isinstance(model[1], nn.Sequential)
    assert list(model[1]) == others
    assert (model[0].weight.shape, model[0].weight.dtype) == ((4, 4), torch.float32)


def test_no_layer_is_packed_if_packing_is_slower(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_module, "is_packing_faster", lambda: False)
    (layer,) = pack_linear_layers(nn.Sequential(nn.Linear(4, 4))).children()
    assert type(layer) is nn.Linear


def test_unsupported_cpu_does_not_pack(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: nn.Linear) -> PackedLinear:
        raise RuntimeError("could not create a primitive")

    monkeypatch.setattr(packed_module, "PackedLinear", fail)
    is_packing_faster.cache_clear()
    assert not is_packing_faster()
    is_packing_faster.cache_clear()
