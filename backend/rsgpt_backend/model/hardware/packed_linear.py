"""Linear layers whose matrices lie as oneDNN multiplies them fastest, where that is faster here. It knows no model.

PyTorch itself gives products of 32 bits to MKL, which takes twice as long on AMD's processors, and for few rows on all.
"""

from __future__ import annotations

from functools import cache
from typing import cast

import torch
from torch import Tensor, nn

from .timing import seconds

_ROWS = 96  # that the order of a matrix is chosen for: 32 prompts with three branches each
_TRIED = (1536, 576)  # the shape of a matrix
_CLEARLY = 0.8


class PackedLinear(nn.Module):
    """A linear layer of 32 bits on a processor. It cannot be trained, copied or saved."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.bias = layer.bias
        self.weight = layer.weight.detach().to("meta")  # its shape and number format, which some ask for
        self._matrix = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach(), _ROWS)

    def forward(self, values: Tensor) -> Tensor:
        """[..., in] -> [..., out]."""
        return cast(Tensor, torch.ops.mkldnn._linear_pointwise(values, self._matrix, self.bias, "none", [], ""))


def packed(module: nn.Module) -> nn.Module:
    """The same module; each of its plain linear layers of 32 bits is a PackedLinear then, if that pays here."""
    for name, layer in list(module.named_modules()):
        if type(layer) is nn.Linear and _is_wide(layer.weight) and pays():
            module.set_submodule(name, PackedLinear(layer))
    return module


@cache
def pays() -> bool:
    """Whether a packed layer clearly takes less time on this machine, tried out; some milliseconds, once a process."""
    if not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return False
    with torch.random.fork_rng(devices=[]):  # when it is tried changes nobody's random numbers
        layer, values = nn.Linear(_TRIED[1], _TRIED[0], bias=False).requires_grad_(False), torch.rand(_ROWS, _TRIED[1])
    try:
        ours = seconds(PackedLinear(layer), values)
    except RuntimeError:  # a processor that oneDNN does not know
        return False
    return ours < _CLEARLY * seconds(layer, values)


def _is_wide(weight: Tensor) -> bool:
    return weight.dtype is torch.float32 and weight.device.type == "cpu"
