"""Products with a matrix that is kept in fewer bits than it is multiplied in. It knows no model.

Where a processor multiplies 32 bits fastest, a matrix of 16 or 8 is widened part by part, while the part is in the
processor's cache: half the memory of 32 bits and nearly its speed.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .precision import has_fast_bfloat16

FEW = 48  # rows; with fewer, reading the matrix takes longer than multiplying, and no part of it is widened
_PART = 256  # rows of the matrix at once


class NarrowLinear(nn.Linear):
    """A linear layer with its matrix in 16 bits, for values of 16 or 32, on a processor."""

    def __init__(self, layer: nn.Linear) -> None:
        """Takes the parameters of a layer over."""
        with torch.device("meta"):
            super().__init__(layer.in_features, layer.out_features, layer.bias is not None)
        self.weight, self.bias = layer.weight, layer.bias

    def forward(self, values: Tensor) -> Tensor:
        """[..., in] -> [..., out], in the values' number format."""
        rows = values.reshape(-1, values.shape[-1])
        if len(rows) <= FEW and values.dtype == self.weight.dtype:
            return super().forward(values)
        out = by_parts(rows, self.weight).to(values.dtype).reshape(*values.shape[:-1], -1)
        return out if self.bias is None else out + self.bias.to(values.dtype)


def narrowed(module: nn.Module) -> nn.Module:
    """The same module; each of its plain linear layers is a NarrowLinear then."""
    for name, layer in list(module.named_modules()):
        if type(layer) is nn.Linear:
            module.set_submodule(name, NarrowLinear(layer))
    return module


def by_parts(rows: Tensor, weight: Tensor) -> Tensor:
    """[rows, in] and [out, in] -> [rows, out], in the format that this processor multiplies fastest."""
    dtype = torch.bfloat16 if has_fast_bfloat16(rows.device) else torch.float32
    wide = rows.to(dtype)
    part = torch.empty(min(_PART, len(weight)), weight.shape[1], dtype=dtype, device=rows.device)
    return torch.cat([F.linear(wide, part[: len(one)].copy_(one)) for one in weight.split(_PART)], dim=1)
