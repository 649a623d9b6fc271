"""A language model whose matrices have 8 or 4 bits: made while its files are read, so that it is never whole in 16.

What the matrices are multiplied with stays in bfloat16. It knows transformers' modules and no prompt.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from accelerate import init_empty_weights
from safetensors import safe_open
from torch import Tensor, nn
from torch.nn import functional as F

from ...errors import ModelError
from ..folder_files import opening
from ..language.language_files import weight_files
from ..language.pretrained import WHAT, check_finite, empty_pretrained
from .linear import FEW, by_parts
from .precision import Precision

_GROUP = 128  # weights of a row that share a scale, at 4 bits
_LANES = 16  # PyTorch's product by int8 reads so many at once, and beyond the end if there are fewer
_WHOLE = ("lm_head", "wo")  # 8 bits at least: the last matrix decides, and T5 asks its `wo` for a number format


class Int8Linear(nn.Module):
    """A linear layer with one scale a row."""

    weight: Tensor
    scale: Tensor

    def __init__(self, weight: Tensor) -> None:
        """weight: [out, in]."""
        super().__init__()
        scale = weight.float().abs().amax(1).clamp(min=1e-8) / 127
        self.register_buffer("weight", (weight.float() / scale[:, None]).round_().to(torch.int8))
        self.register_buffer("scale", scale.to(torch.bfloat16))
        self.bias: nn.Parameter | None = None

    def forward(self, values: Tensor) -> Tensor:
        """bfloat16 [..., in] -> [..., out]."""
        rows = values.reshape(-1, values.shape[-1])
        if rows.device.type != "cpu":
            out = F.linear(rows, self.weight.to(rows.dtype)) * self.scale.to(rows.dtype)
        elif len(rows) <= FEW and rows.shape[1] % _LANES == 0:
            out = torch.ops.aten._weight_int8pack_mm(rows.contiguous(), self.weight, self.scale)
        else:
            out = (by_parts(rows, self.weight) * self.scale).to(rows.dtype)
        return _finished(out, values, self.bias)


class Int4Linear(nn.Module):
    """A linear layer with a scale and a middle for each group of a row's weights, on a processor."""

    def __init__(self, weight: Tensor) -> None:
        """weight: [out, in], `in` a multiple of the group."""
        super().__init__()
        steps, scales = _in_steps(weight)
        self.register_buffer("packed", torch.ops.aten._convert_weight_to_int4pack_for_cpu(steps, 1))
        self.register_buffer("scales", scales.transpose(0, 1).contiguous())
        self.bias: nn.Parameter | None = None

    def forward(self, values: Tensor) -> Tensor:
        """bfloat16 [..., in] -> [..., out]."""
        rows = values.reshape(-1, values.shape[-1]).contiguous()
        out = torch.ops.aten._weight_int4pack_mm_for_cpu(rows, self.packed, _GROUP, self.scales)
        return _finished(out, values, self.bias)


class PortableInt4Linear(nn.Module):
    """The same on any device: the matrix is unpacked each time, which takes longer than 16 bits and little memory."""

    packed: Tensor
    scales: Tensor

    def __init__(self, weight: Tensor) -> None:
        """weight: [out, in], `in` a multiple of the group."""
        super().__init__()
        steps, scales = _in_steps(weight)
        low, high = steps.to(torch.uint8).unflatten(1, (-1, 2)).unbind(2)
        self.register_buffer("packed", low | high << 4)
        self.register_buffer("scales", scales)
        self.bias: nn.Parameter | None = None

    def forward(self, values: Tensor) -> Tensor:
        """bfloat16 [..., in] -> [..., out]."""
        steps = torch.stack([self.packed & 15, self.packed >> 4], dim=2).view(len(self.packed), -1, _GROUP)
        scale, middle = self.scales.to(values.dtype).split(1, dim=2)
        weight = steps.to(values.dtype).sub_(8).mul_(scale).add_(middle)
        return _finished(F.linear(values, weight.flatten(1)), values, self.bias)


def load_quantised(folder: Path, encoder_decoder: bool, precision: Precision) -> Any:
    """A transformers folder -> its model on the CPU. ModelError if a weight is missing or no number."""
    with init_empty_weights():
        model: Any = empty_pretrained(folder, encoder_decoder, torch.bfloat16)
    for file in weight_files(folder):
        with opening(file, WHAT), safe_open(file, "pt") as tensors:
            for name in tensors.keys():  # noqa: SIM118 - it is no dictionary
                _place(model, name, _finite(file, name, tensors.get_tensor(name)), precision)
    model.tie_weights()
    missing = [name for name, parameter in model.named_parameters() if parameter.is_meta]
    if missing:
        raise ModelError(f"{folder} lacks {missing[0]} and {len(missing) - 1} more weights. Install the model again.")
    return model


def _finite(file: Path, name: str, value: Tensor) -> Tensor:
    check_finite([(name, value)], file)
    return value


def _place(model: Any, name: str, value: Tensor, precision: Precision) -> None:
    """Put a tensor where it belongs; a linear layer's matrix brings a layer of its own."""
    path, _, leaf = name.rpartition(".")
    try:
        owner = model.get_submodule(path)
        wanted = getattr(owner, leaf).shape
    except AttributeError as error:
        raise ModelError(f"The language model has no place for {name}. Install the model again.") from error
    if value.shape != wanted:
        raise ModelError(f"{name} has shape {list(value.shape)}, not {list(wanted)}. Install the model again.")
    if isinstance(owner, nn.Linear) and leaf == "weight":
        layer = _layer(path.rpartition(".")[2], value, precision)
        layer.bias = owner.bias
        model.set_submodule(path, layer)
    else:
        kept = value.to(torch.bfloat16, copy=True)  # a view would keep its whole file in memory
        setattr(owner, leaf, nn.Parameter(kept, requires_grad=False))


def _layer(name: str, weight: Tensor, precision: Precision) -> Int8Linear | Int4Linear | PortableInt4Linear:
    if precision.bits == 8 or name in _WHOLE or weight.shape[1] % _GROUP or weight.shape[0] % 64:
        return Int8Linear(weight)
    return PortableInt4Linear(weight) if precision.portable else Int4Linear(weight)


def _in_steps(weight: Tensor) -> tuple[Tensor, Tensor]:
    """[out, in] -> steps of 0 to 15, int32 [out, in], and bfloat16 [out, groups, 2]: a step's size, and what 8 is."""
    groups = weight.float().unflatten(1, (-1, _GROUP))
    least, most = groups.amin(2, keepdim=True), groups.amax(2, keepdim=True)
    scale = ((most - least) / 15).clamp(min=1e-8)
    steps = ((groups - least) / scale).round_().clamp_(0, 15).to(torch.int32).flatten(1)
    return steps, torch.cat([scale, least + 8 * scale], dim=2).to(torch.bfloat16)


def _finished(out: Tensor, values: Tensor, bias: Tensor | None) -> Tensor:
    shaped = out.reshape(*values.shape[:-1], out.shape[-1])
    return shaped if bias is None else shaped + bias
