"""Linear layers with matrices in oneDNN's packed layout, if that is faster on this machine.

By default, PyTorch multiplies 32 bits with MKL, which takes twice as long on AMD's CPUs, and for few rows on all CPUs.
"""

from __future__ import annotations

from functools import cache
from typing import cast

import torch
from torch import Tensor, nn

from .timing import seconds

_ROWS = 96  # number of rows that the layout is optimized for: 32 prompts with three branches each
_TEST_SHAPE = (1536, 576)  # of the matrix that is timed
_MAX_TIME_RATIO = 0.8


class PackedLinear(nn.Module):
    """A 32-bit linear layer on a CPU. It cannot be trained, copied or saved."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.bias = layer.bias
        self.weight = layer.weight.detach().to("meta")  # shape and number format, for code that reads them
        self._matrix = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach(), _ROWS)

    def forward(self, values: Tensor) -> Tensor:
        """[..., in] -> [..., out]."""
        return cast(Tensor, torch.ops.mkldnn._linear_pointwise(values, self._matrix, self.bias, "none", [], ""))


def pack_linear_layers(module: nn.Module) -> nn.Module:
    """Replace each 32-bit nn.Linear of a module by a PackedLinear if that is faster; return the module."""
    for name, layer in list(module.named_modules()):
        if type(layer) is nn.Linear and _is_float32_on_cpu(layer.weight) and is_packing_faster():
            module.set_submodule(name, PackedLinear(layer))
    return module


@cache
def is_packing_faster() -> bool:
    """Return whether packing clearly saves time; measured once per process, in milliseconds."""
    if not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return False
    rows, columns = _TEST_SHAPE
    with torch.random.fork_rng(devices=[]):  # leave the random numbers of the caller unchanged
        layer, values = nn.Linear(columns, rows, bias=False).requires_grad_(False), torch.rand(_ROWS, columns)
    try:
        packed_s = seconds(PackedLinear(layer), values)
    except RuntimeError:  # oneDNN does not support this CPU
        return False
    return packed_s < _MAX_TIME_RATIO * seconds(layer, values)


def _is_float32_on_cpu(weight: Tensor) -> bool:
    return weight.dtype is torch.float32 and weight.device.type == "cpu"
