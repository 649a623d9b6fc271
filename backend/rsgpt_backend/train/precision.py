"""Which number format trains fastest on this machine. It measures nothing: it asks the processor what it can do."""

from __future__ import annotations

import torch


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 multiplies faster than float32: on a GPU, and on a processor with AMX.

    On one that has bfloat16 in AVX-512 alone, PyTorch's float32 was measured to be twice as fast.
    """
    return device.type == "cuda" or bool(torch.cpu.get_capabilities().get("amx_bf16"))
