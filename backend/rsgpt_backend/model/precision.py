"""How many bits the weights of a loaded model have, part by part, and what this machine multiplies fast. No weights.

Only a language model is ever kept in less than 16 bits: encoder, Q-Former and projection lose answers by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

Bits = Literal[0, 4, 8]


@dataclass(frozen=True)
class Precision:
    """language: what its activations and matrices are in; bits: of its matrices, 0 for `language`'s own.

    encoder: what its activations and matrices are in; narrow: matrices that have 32 bits or are multiplied slowly in 16
    are kept in 16 and widened part by part (linear.py); portable: 4 bits are kept so that any device multiplies them,
    not just a processor. The bridge is always in float32.
    """

    language: torch.dtype
    bits: Bits = 0
    encoder: torch.dtype = torch.float32
    narrow: bool = False
    portable: bool = False


FLOAT32 = Precision(torch.float32)
NAMES: dict[str, tuple[torch.dtype, Bits]] = {
    "fp32": (torch.float32, 0),
    "bf16": (torch.bfloat16, 0),
    "fp16": (torch.float16, 0),
    "int8": (torch.bfloat16, 8),
    "int4": (torch.bfloat16, 4),
}


def precision(name: str, device: torch.device) -> Precision:
    """One of NAMES, on a device. The encoder is computed in 16 bits too where these are no slower."""
    language, bits = NAMES[name]
    if language is torch.float32:
        return FLOAT32
    portable = bits == 4 and device.type != "cpu"
    if not has_fast_bfloat16(device):
        return Precision(language, bits, narrow=True, portable=portable)
    encoder = torch.float16 if device.type == "cuda" else torch.bfloat16
    return Precision(language, bits, encoder, portable=portable)


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 multiplies faster than float32: on a GPU, and on a processor with AMX.

    On one that has bfloat16 in AVX-512 alone, PyTorch's float32 was measured to be twice as fast.
    """
    return device.type == "cuda" or bool(torch.cpu.get_capabilities().get("amx_bf16"))
