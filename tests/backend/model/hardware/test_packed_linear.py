"""A packed layer says what its original says; what cannot be packed is left as it is."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from rsgpt_backend.model.hardware import packed_linear as packed_module
from rsgpt_backend.model.hardware.linear import NarrowLinear
from rsgpt_backend.model.hardware.packed_linear import PackedLinear, packed, pays


@pytest.fixture
def paying(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it pay, whatever this machine is."""
    if not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        pytest.skip("this PyTorch has no oneDNN")
    monkeypatch.setattr(packed_module, "pays", lambda: True)


@pytest.mark.usefixtures("paying")
@pytest.mark.parametrize("shape", [(1, 40), (7, 40), (3, 5, 40), (200, 1, 40)])
@pytest.mark.parametrize("bias", [True, False])
@torch.inference_mode()
def test_a_layer_says_what_its_original_says(shape: tuple[int, ...], bias: bool) -> None:
    layer, values = nn.Linear(40, 90, bias=bias).requires_grad_(False), torch.randn(shape)
    found = PackedLinear(layer)(values)
    assert found.shape == (*shape[:-1], 90)
    torch.testing.assert_close(found, layer(values), atol=1e-5, rtol=1e-5)
    view = values.transpose(0, -2)[..., :40]
    torch.testing.assert_close(PackedLinear(layer)(view), layer(view), atol=1e-5, rtol=1e-5)


@pytest.mark.usefixtures("paying")
def test_plain_layers_of_32_bits_are_packed() -> None:
    others = [nn.Linear(4, 4).half(), NarrowLinear(nn.Linear(4, 4)), nn.Linear(4, 4, device="meta")]
    found = packed(nn.Sequential(nn.Linear(4, 4).requires_grad_(False), nn.Sequential(*others)))
    assert isinstance(found[0], PackedLinear)
    assert list(found[1]) == others
    assert (found[0].weight.shape, found[0].weight.dtype) == ((4, 4), torch.float32)


def test_where_it_does_not_pay_nothing_is_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_module, "pays", lambda: False)
    assert type(packed(nn.Sequential(nn.Linear(4, 4)))[0]) is nn.Linear


def test_a_processor_that_cannot_pack_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: nn.Linear) -> PackedLinear:
        raise RuntimeError("could not create a primitive")

    monkeypatch.setattr(packed_module, "PackedLinear", fail)
    pays.cache_clear()
    assert not pays()
    pays.cache_clear()
