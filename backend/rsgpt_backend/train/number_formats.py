"""The number format of a training run and the matching autocast context."""

from __future__ import annotations

import torch

from ..errors import UsageError
from ..model.hardware.precision import has_fast_bfloat16

_FORMATS = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


def number_format(precision: str, device: torch.device) -> torch.dtype:
    """Return the number format for a recipe's `precision` on a device. Raises UsageError if it is unknown."""
    if precision == "auto":
        return torch.bfloat16 if has_fast_bfloat16(device) else torch.float32
    if precision not in _FORMATS:
        raise UsageError(f"There is no precision {precision!r}. Use one of: auto, {', '.join(_FORMATS)}.")
    return _FORMATS[precision]


def autocast(device: torch.device, dtype: torch.dtype) -> torch.autocast:
    """Return a context that multiplies in `dtype`; trained parameters stay in float32."""
    return torch.autocast(device.type, dtype, enabled=dtype != torch.float32)
