"""Number formats of a run: which trains fastest on this machine, and how it is used. It measures nothing."""

from __future__ import annotations

import torch

from ..errors import UsageError
from ..model.hardware.precision import has_fast_bfloat16

_FORMATS = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


def number_format(precision: str, device: torch.device) -> torch.dtype:
    """The format of a recipe's `precision` on a device."""
    if precision == "auto":
        return torch.bfloat16 if has_fast_bfloat16(device) else torch.float32
    if precision not in _FORMATS:
        raise UsageError(f"There is no precision {precision!r}. Use one of: auto, {', '.join(_FORMATS)}.")
    return _FORMATS[precision]


def autocast(device: torch.device, dtype: torch.dtype) -> torch.autocast:
    """Multiply in that format; parameters of what is trained stay in float32."""
    return torch.autocast(device.type, dtype, enabled=dtype != torch.float32)
