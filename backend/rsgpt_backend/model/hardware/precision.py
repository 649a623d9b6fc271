"""The precisions that a model can be loaded in, and whether this machine multiplies bfloat16 fast.

Only the language model may have fewer than 16 bits: in encoder, Q-Former and projection they change answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import torch

from .timing import seconds

Bits = Literal[0, 4, 8]
_TEST_SIZE = 1024  # rows and columns of the matrix that is timed
_MAX_TIME_RATIO = 0.75


@dataclass(frozen=True)
class Precision:
    """Number formats of the parts of a model; the bridge is always in float32.

    language, encoder: number formats of activations and matrices;
    bits: bits per weight of the language model's matrices, 0 for those of `language`;
    narrow: whether to store matrices in 16 bits and widen them part by part when multiplying (linear.py);
    portable: whether to store 4 bits in a layout for any device, not only for CPUs.
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
    """Return a precision of NAMES for a device. The encoder uses 16 bits too if these are not slower."""
    language, bits = NAMES[name]
    if language is torch.float32:
        return FLOAT32
    portable = bits == 4 and device.type != "cpu"
    if not has_fast_bfloat16(device):
        return Precision(language, bits, narrow=True, portable=portable)
    encoder = torch.float16 if device.type == "cuda" else torch.bfloat16
    return Precision(language, bits, encoder, portable=portable)


def has_fast_bfloat16(device: torch.device) -> bool:
    """Return whether bfloat16 multiplies faster than float32: on GPUs, CPUs with AMX, and some with AVX-512.

    With AVX-512 only, bfloat16 took twice the time of float32 on an Intel CPU and half of it on an AMD CPU.
    """
    features = torch.cpu.get_capabilities()
    if device.type == "cuda" or bool(features.get("amx_bf16")):
        return True
    return bool(features.get("avx512_bf16")) and _is_bfloat16_faster()


@cache
def _is_bfloat16_faster() -> bool:
    """Measured once per process, in a tenth of a second."""
    wide = torch.ones(_TEST_SIZE, _TEST_SIZE)  # not random, to leave the random numbers of the caller unchanged
    narrow = wide.bfloat16()
    return seconds(torch.matmul, narrow, narrow) < _MAX_TIME_RATIO * seconds(torch.matmul, wide, wide)
