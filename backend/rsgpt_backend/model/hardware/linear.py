"""Linear layers whose matrix is stored in fewer bits than it is multiplied in.

If a CPU multiplies 32 bits fastest, a matrix of 16 or 8 bits is widened part by part, while the part is in the CPU's
cache. This takes half the memory, or less, of 32 bits at nearly the same speed.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .precision import has_fast_bfloat16

FEW = 48  # up to this many rows, reading the matrix takes longer than multiplying, so it is not widened
_PART = 256  # rows of the matrix that are widened at once


class NarrowLinear(nn.Linear):
    """A linear layer with a 16-bit matrix for 16-bit or 32-bit values, on a CPU."""

    def __init__(self, layer: nn.Linear) -> None:
        """Take over the parameters of a layer."""
        with torch.device("meta"):
            super().__init__(layer.in_features, layer.out_features, layer.bias is not None)
        self.weight, self.bias = layer.weight, layer.bias

    def forward(self, values: Tensor) -> Tensor:
        """[..., in] -> [..., out], in the number format of the values."""
        rows = values.reshape(-1, values.shape[-1])
        if len(rows) <= FEW and values.dtype == self.weight.dtype:
            return super().forward(values)
        out = linear_in_parts(rows, self.weight).to(values.dtype).reshape(*values.shape[:-1], -1)
        return out if self.bias is None else out + self.bias.to(values.dtype)


def narrow_linear_layers(module: nn.Module) -> nn.Module:
    """Replace each nn.Linear of a module by a NarrowLinear, and return the module."""
    for name, layer in list(module.named_modules()):
        if type(layer) is nn.Linear:
            module.set_submodule(name, NarrowLinear(layer))
    return module


def linear_in_parts(rows: Tensor, weight: Tensor) -> Tensor:
    """[rows, in] and [out, in] -> [rows, out], in the number format that this CPU multiplies fastest."""
    dtype = torch.bfloat16 if has_fast_bfloat16(rows.device) else torch.float32
    wide = rows.to(dtype)
    buffer = torch.empty(min(_PART, len(weight)), weight.shape[1], dtype=dtype, device=rows.device)
    return torch.cat([F.linear(wide, buffer[: len(part)].copy_(part)) for part in weight.split(_PART)], dim=1)
