"""What a model needs in memory, and what this machine has, before anything is loaded.

Only the language model is ever kept in less than 16 bits: encoder, Q-Former and projection lose answers by it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

from ..errors import ModelError

# bytes a weight; scales of 4 and 8 bits counted in, one of 16 bits for 128 weights
BYTES = {"fp32": 4.0, "bf16": 2.0, "fp16": 2.0, "int8": 1.02, "int4": 0.56}
_WORK = 0.8e9  # bytes for activations, the cache of a few answers, and PyTorch itself
_SMALL = 1e9  # parameters below which float32 costs nothing that matters
_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Size:
    """Parameters of a model by part."""

    encoder: int
    bridge: int
    language: int

    def bytes(self, precision: str) -> float:
        """Memory with the language model in that precision; the encoder in 16 bits where that is in no more."""
        encoder = 4 if precision == "fp32" else 2
        return self.encoder * encoder + self.bridge * 4 + self.language * BYTES[precision] + _WORK


def size_of(folder: Path, language: Path) -> Size:
    """Count from the headers of safetensors files; no weight is read. language: its transformers folder."""
    counts = {"encoder": 0, "bridge": 0}
    for name, count in _counts([folder / "model.safetensors"]):
        part = name.partition(".")[0]
        if part in counts and not name.endswith(".scale"):
            counts[part] += count
    return Size(**counts, language=sum(count for _, count in _counts(sorted(language.glob("*.safetensors")))))


def available(device: torch.device) -> float:
    """Bytes that are free: of the GPU, or of this machine's memory and the container's share of it."""
    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    free = float(psutil.virtual_memory().available)
    try:
        limit, used = ((_CGROUP / f"memory.{name}").read_text().strip() for name in ("max", "current"))
        return free if limit == "max" else min(free, float(limit) - float(used))
    except (OSError, ValueError):
        return free


def fitting(size: Size, free: float, device: torch.device, wanted: str = "auto") -> str:
    """The precision to load in: as wanted, or the best that fits. ModelError says what is needed and what fits."""
    fits = [name for name in _order(size, device) if size.bytes(name) <= free]
    if wanted != "auto" and size.bytes(wanted) <= free:
        return wanted
    if wanted == "auto" and fits:
        return fits[0]
    needed = (
        f"The model needs {_gb(size.bytes('bf16' if wanted == 'auto' else wanted))}, this machine has {_gb(free)} free"
    )
    if fits:
        raise ModelError(f"{needed}: use {fits[0]}, about {_gb(size.bytes(fits[0]))}.")
    raise ModelError(
        f"{needed}, and even int4 takes {_gb(size.bytes('int4'))}. Close other programs, take a machine with more, "
        "or use rsgpt-small."
    )


def _order(size: Size, device: torch.device) -> tuple[str, ...]:
    """Precisions from the best to the smallest."""
    if size.language < _SMALL:
        return ("fp32",)
    return ("fp16" if device.type == "cuda" else "bf16", "int8", "int4")


def _counts(files: Iterable[Path]) -> Iterable[tuple[str, int]]:
    for file in files:
        with file.open("rb") as opened:
            header = json.loads(opened.read(int.from_bytes(opened.read(8), "little")))
        for name, described in header.items():
            if name != "__metadata__":
                yield name, torch.Size(described["shape"]).numel()


def _gb(count: float) -> str:
    return f"{count / 1e9:.1f} GB"
