"""What a model needs in memory, and what this machine has, before anything is loaded. It reads only files' headers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import torch
from safetensors import safe_open

from ...errors import ModelError
from ..folder_files import opening, plain_file
from ..language.language_files import weight_files

# bytes a weight; scales of 4 and 8 bits counted in, one of 16 bits for 128 weights
BYTES = {"fp32": 4.0, "bf16": 2.0, "fp16": 2.0, "int8": 1.02, "int4": 0.56}
WORK = 0.8e9  # bytes for activations, the cache of a few answers, and PyTorch itself
_SMALL = 1e9  # parameters below which float32 costs nothing that matters
_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class ModelSize:
    """Parameters of a model by part."""

    encoder: int
    bridge: int
    language: int

    def bytes(self, name: str) -> float:
        """Memory in that precision."""
        return self.encoder * (4 if name == "fp32" else 2) + self.bridge * 4 + self.language * BYTES[name] + WORK


def size_of(folder: Path, language: Path) -> ModelSize:
    """Count from the headers of safetensors files; no weight is read. language: its transformers folder."""
    counts = {"encoder": 0, "bridge": 0}
    for name, count in _counts([plain_file(folder, "model.safetensors")]):
        part = name.partition(".")[0]
        if part in counts and not name.endswith(".scale"):
            counts[part] += count
    return ModelSize(**counts, language=sum(count for _, count in _counts(weight_files(language))))


def available(device: torch.device) -> float:
    """Bytes that are free: of the GPU, or of this machine's memory and the container's share of it."""
    if device.type == "cuda":
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)  # PyTorch's, and unused
        return float(torch.cuda.mem_get_info(device)[0] + kept)
    free = float(psutil.virtual_memory().available)
    try:
        limit, used, stat = ((_CGROUP / f"memory.{name}").read_text() for name in ("max", "current", "stat"))
        files = dict(line.split() for line in stat.splitlines())  # dropped where room is needed
        dropped = sum(float(files.get(f"{kind}_file", 0)) for kind in ("active", "inactive"))
        return free if limit.strip() == "max" else min(free, float(limit) - float(used) + dropped)
    except (OSError, ValueError):
        return free


@dataclass(frozen=True)
class DeviceMemory:
    """Bytes that a model may take on a kind of device, and whose they are."""

    free: float
    device: torch.device
    whose: str = "this machine has"


def device_memory(over: Sequence[torch.device]) -> DeviceMemory:
    """What is free on devices; for GPUs no more than in this machine's own memory, where a model is whole first."""
    free = sum(map(available, over))
    if over[0].type != "cuda":
        return DeviceMemory(free, over[0])
    gpus = DeviceMemory(free, over[0], "this machine's GPU has" if len(over) == 1 else "this machine's GPUs have")
    host = DeviceMemory(
        available(torch.device("cpu")), over[0], "this machine's own memory, which it is loaded through, has"
    )
    return min(gpus, host, key=lambda one: one.free)


def rows_that_fit(config: Any, tokens: int, free: float) -> int:
    """How many answers a language model can be in the middle of, at so many tokens each; at least one.

    config: transformers' of the language model. Half of what is free is for keys and values, the rest to work in.
    """
    heads = config.num_attention_heads
    share = (getattr(config, "num_key_value_heads", None) or heads) / heads
    token = 2 * config.num_hidden_layers * config.hidden_size * share * (config.dtype or torch.float32).itemsize
    return max(1, int(free / 2 / (token * tokens)))


def fitting(size: ModelSize, place: DeviceMemory, wanted: str = "auto") -> str:
    """The precision to load in: as wanted, or the best that fits. ModelError says what is needed and what fits."""
    order = _order(size, place.device)
    name = order[0] if wanted == "auto" else wanted
    fits = [name for name in order if size.bytes(name) <= place.free]
    if size.bytes(name) <= place.free:
        return name
    if wanted == "auto" and fits:
        return fits[0]
    needed = f"The model needs {_gb(size.bytes(name))} in {name}, {place.whose} {_gb(place.free)} free"
    if fits:
        raise ModelError(f"{needed}: use {fits[0]}, about {_gb(size.bytes(fits[0]))}.")
    raise ModelError(
        f"{needed}; even in {order[-1]} it takes {_gb(size.bytes(order[-1]))}. "
        "Close other programs, take a machine with more memory, or use rsgpt-small."
    )


def _order(size: ModelSize, device: torch.device) -> tuple[str, ...]:
    """Precisions from the best to the smallest."""
    if size.language < _SMALL:
        return ("fp32",)
    return ("fp16" if device.type == "cuda" else "bf16", "int8", "int4")


def _counts(files: Iterable[Path]) -> Iterable[tuple[str, int]]:
    for file in files:
        with opening(file, "weights"), safe_open(file, "pt") as opened:
            for name in opened.keys():  # noqa: SIM118 - it is no dictionary
                yield name, math.prod(opened.get_slice(name).get_shape())


def _gb(count: float) -> str:
    return f"{count / 1e9:.1f} GB"
