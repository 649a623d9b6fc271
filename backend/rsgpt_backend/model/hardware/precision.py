"""How many bits the weights of a loaded model have, part by part, and what this machine multiplies fast. No weights.

Only a language model is ever kept in less than 16 bits: encoder, Q-Former and projection lose answers by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import torch

from .timing import seconds

Bits = Literal[0, 4, 8]
_TRIED = 1024  # rows and columns of a matrix
_CLEARLY = 0.75


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
    """Whether bfloat16 multiplies faster than float32: on a GPU, on a processor with AMX, and on some with AVX-512.

    Of two that have bfloat16 in AVX-512 alone, an Intel one took twice as long for it as for float32, an AMD one half.
    """
    able = torch.cpu.get_capabilities()
    return device.type == "cuda" or bool(able.get("amx_bf16")) or (bool(able.get("avx512_bf16")) and _half_as_long())


@cache
def _half_as_long() -> bool:
    """Whether bfloat16 takes clearly less time here, tried out; a tenth of a second, once a process."""
    wide = torch.ones(_TRIED, _TRIED)  # not random: when it is tried would change others' random numbers
    narrow = wide.bfloat16()
    return seconds(torch.matmul, narrow, narrow) < _CLEARLY * seconds(torch.matmul, wide, wide)
