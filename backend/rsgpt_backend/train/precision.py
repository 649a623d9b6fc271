"""Number formats of a run: which trains fastest on this machine, and how it is used. It measures nothing."""

from __future__ import annotations

import torch

_FORMATS = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


def number_format(precision: str, device: torch.device) -> torch.dtype:
    """The format of a recipe's `precision` on a device."""
    if precision != "auto":
        return _FORMATS[precision]
    return torch.bfloat16 if has_fast_bfloat16(device) else torch.float32


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 multiplies faster than float32: on a GPU, and on a processor with AMX.

    On one that has bfloat16 in AVX-512 alone, PyTorch's float32 was measured to be twice as fast.
    """
    return device.type == "cuda" or bool(torch.cpu.get_capabilities().get("amx_bf16"))


def autocast(device: torch.device, dtype: torch.dtype) -> torch.autocast:
    """Multiply in that format; parameters of what is trained stay in float32."""
    return torch.autocast(device.type, dtype, enabled=dtype != torch.float32)
