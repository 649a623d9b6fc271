"""Load a language model with 8-bit or 4-bit matrices; activations stay in bfloat16.

The matrices are quantized one by one while the files are read, so that the 16-bit model is never in memory as a whole.
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
from ..folder_files import as_model_error
from ..language.language_files import weight_files
from ..language.pretrained import CONTENT, check_finite, empty_pretrained
from .linear import FEW, linear_in_parts
from .precision import Precision

_GROUP = 128  # weights of a row that share a scale, at 4 bits
_LANES = 16  # PyTorch's int8 product reads this many values at once, and past the end of shorter rows
_AT_LEAST_INT8 = ("lm_head", "wo")  # lm_head determines the answer, and T5 reads the number format of its `wo`


class Int8Linear(nn.Module):
    """A linear layer with int8 weights and one scale per row."""

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
            out = (linear_in_parts(rows, self.weight) * self.scale).to(rows.dtype)
        return _with_bias(out, values, self.bias)


class Int4Linear(nn.Module):
    """A linear layer with int4 weights, and a scale and a middle for each group of weights in a row, on a CPU."""

    def __init__(self, weight: Tensor) -> None:
        """weight: [out, in]; `in` is a multiple of _GROUP."""
        super().__init__()
        steps, scales = _quantized(weight)
        self.register_buffer("packed", torch.ops.aten._convert_weight_to_int4pack_for_cpu(steps, 1))
        self.register_buffer("scales", scales.transpose(0, 1).contiguous())
        self.bias: nn.Parameter | None = None

    def forward(self, values: Tensor) -> Tensor:
        """bfloat16 [..., in] -> [..., out]."""
        rows = values.reshape(-1, values.shape[-1]).contiguous()
        out = torch.ops.aten._weight_int4pack_mm_for_cpu(rows, self.packed, _GROUP, self.scales)
        return _with_bias(out, values, self.bias)


class PortableInt4Linear(nn.Module):
    """Int4Linear for any device: the matrix is unpacked for each product, which is slower than 16 bits."""

    packed: Tensor
    scales: Tensor

    def __init__(self, weight: Tensor) -> None:
        """weight: [out, in]; `in` is a multiple of _GROUP."""
        super().__init__()
        steps, scales = _quantized(weight)
        low, high = steps.to(torch.uint8).unflatten(1, (-1, 2)).unbind(2)
        self.register_buffer("packed", low | high << 4)
        self.register_buffer("scales", scales)
        self.bias: nn.Parameter | None = None

    def forward(self, values: Tensor) -> Tensor:
        """bfloat16 [..., in] -> [..., out]."""
        steps = torch.stack([self.packed & 15, self.packed >> 4], dim=2).view(len(self.packed), -1, _GROUP)
        scale, middle = self.scales.to(values.dtype).split(1, dim=2)
        weight = steps.to(values.dtype).sub_(8).mul_(scale).add_(middle)
        return _with_bias(F.linear(values, weight.flatten(1)), values, self.bias)


def load_quantized(folder: Path, encoder_decoder: bool, precision: Precision) -> Any:
    """Load a transformers folder on the CPU. Raises ModelError if weights are missing, unexpected or not finite."""
    with init_empty_weights():
        model: Any = empty_pretrained(folder, encoder_decoder, torch.bfloat16)
    for file in weight_files(folder):
        with as_model_error(file, CONTENT), safe_open(file, "pt") as tensors:
            for name in tensors.keys():  # noqa: SIM118 - not a dictionary
                value = tensors.get_tensor(name)
                check_finite([(name, value)], file)
                _set_weight(model, name, value, precision)
    model.tie_weights()
    missing = [name for name, parameter in model.named_parameters() if parameter.is_meta]
    if missing:
        raise ModelError(f"{folder} lacks {missing[0]} and {len(missing) - 1} more weights. Install the model again.")
    return model


def _set_weight(model: Any, name: str, value: Tensor, precision: Precision) -> None:
    """The matrix of a linear layer replaces the layer by a quantized one."""
    path, _, leaf = name.rpartition(".")
    try:
        owner = model.get_submodule(path)
        expected = getattr(owner, leaf).shape
    except AttributeError as error:
        raise ModelError(f"The language model has no weight {name}. Install the model again.") from error
    if value.shape != expected:
        raise ModelError(f"{name} has shape {list(value.shape)}, not {list(expected)}. Install the model again.")
    if isinstance(owner, nn.Linear) and leaf == "weight":
        layer = _layer(path.rpartition(".")[2], value, precision)
        layer.bias = owner.bias
        model.set_submodule(path, layer)
    else:
        copied = value.to(torch.bfloat16, copy=True)  # a view would keep its whole file in memory
        setattr(owner, leaf, nn.Parameter(copied, requires_grad=False))


def _layer(name: str, weight: Tensor, precision: Precision) -> Int8Linear | Int4Linear | PortableInt4Linear:
    if precision.bits == 8 or name in _AT_LEAST_INT8 or weight.shape[1] % _GROUP or weight.shape[0] % 64:
        return Int8Linear(weight)
    return PortableInt4Linear(weight) if precision.portable else Int4Linear(weight)


def _quantized(weight: Tensor) -> tuple[Tensor, Tensor]:
    """[out, in] -> steps of 0 to 15, int32 [out, in]; size of a step and value of step 8, bfloat16 [out, groups, 2]."""
    groups = weight.float().unflatten(1, (-1, _GROUP))
    minimum, maximum = groups.amin(2, keepdim=True), groups.amax(2, keepdim=True)
    scale = ((maximum - minimum) / 15).clamp(min=1e-8)
    steps = ((groups - minimum) / scale).round_().clamp_(0, 15).to(torch.int32).flatten(1)
    return steps, torch.cat([scale, minimum + 8 * scale], dim=2).to(torch.bfloat16)


def _with_bias(out: Tensor, values: Tensor, bias: Tensor | None) -> Tensor:
    shaped = out.reshape(*values.shape[:-1], out.shape[-1])
    return shaped if bias is None else shaped + bias
