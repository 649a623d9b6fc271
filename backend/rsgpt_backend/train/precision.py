"""Number formats of a run: which trains fastest on this machine, and how it is used. It measures nothing."""

from __future__ import annotations

import torch

from ..errors import UsageError

_FORMATS = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


def number_format(precision: str, device: torch.device) -> torch.dtype:
    """The format of a recipe's `precision` on a device."""
    if precision == "auto":
        return torch.bfloat16 if has_fast_bfloat16(device) else torch.float32
    if precision not in _FORMATS:
        raise UsageError(f"There is no precision {precision!r}. Use one of: auto, {', '.join(_FORMATS)}.")
    return _FORMATS[precision]


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 multiplies faster than float32: on a GPU, and on a processor with AMX.

    On one that has bfloat16 in AVX-512 alone, PyTorch's float32 was measured to be twice as fast.
    """
    return device.type == "cuda" or bool(torch.cpu.get_capabilities().get("amx_bf16"))


def autocast(device: torch.device, dtype: torch.dtype) -> torch.autocast:
    """Multiply in that format; parameters of what is trained stay in float32."""
    return torch.autocast(device.type, dtype, enabled=dtype != torch.float32)
