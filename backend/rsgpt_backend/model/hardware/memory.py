"""The memory that a model needs and that a device has free, computed from file headers before loading."""

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
from ..folder_files import as_model_error, regular_file
from ..language.language_files import weight_files

# bytes per weight, including the scales of int8 and int4
BYTES = {"fp32": 4.0, "bf16": 2.0, "fp16": 2.0, "int8": 1.02, "int4": 0.56}
WORK = 0.8e9  # bytes for activations, the cache of a few answers, and PyTorch itself
_SMALL = 1e9  # parameters; smaller language models stay in float32
_CGROUP = Path("/sys/fs/cgroup")
_COUNTED_AS = {
    "encoder": "encoder",
    "bridge": "bridge",
    "finder": "bridge",
    "matching": "bridge",
    "classifier": "bridge",
    "question_parser": "bridge",
    "novelty": "bridge",
}  # parts of a weights file


@dataclass(frozen=True)
class ModelSize:
    """Numbers of parameters of a model, per part. bridge: all trained parts but the encoder."""

    encoder: int
    bridge: int
    language: int

    def bytes(self, name: str) -> float:
        """Return the memory that the model needs in a precision."""
        return self.encoder * (4 if name == "fp32" else 2) + self.bridge * 4 + self.language * BYTES[name] + WORK


def model_size(folder: Path, language: Path) -> ModelSize:
    """Count the parameters in the headers of a model's safetensors files. language: the transformers folder."""
    counts = {"encoder": 0, "bridge": 0}
    for name, count in _counts([regular_file(folder, "model.safetensors")]):
        part = _COUNTED_AS.get(name.partition(".")[0])
        if part and not name.endswith(".scale"):
            counts[part] += count
    return ModelSize(**counts, language=sum(count for _, count in _counts(weight_files(language))))


def free_bytes(device: torch.device) -> float:
    """Return the free bytes of a GPU, or of this machine within the limit of its container."""
    if device.type == "cuda":
        reserved = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)  # unused by PyTorch
        return float(torch.cuda.mem_get_info(device)[0] + reserved)
    free = float(psutil.virtual_memory().available)
    try:
        limit, used, stat = ((_CGROUP / f"memory.{name}").read_text() for name in ("max", "current", "stat"))
        counters = dict(line.split() for line in stat.splitlines())
        # The kernel drops cached files when memory is needed.
        cached = sum(float(counters.get(f"{kind}_file", 0)) for kind in ("active", "inactive"))
        return free if limit.strip() == "max" else min(free, float(limit) - float(used) + cached)
    except (OSError, ValueError):
        return free


@dataclass(frozen=True)
class DeviceMemory:
    """Bytes that a model may use on a kind of device. whose: subject and verb for messages."""

    free: float
    device: torch.device
    whose: str = "this machine has"


def device_memory(devices: Sequence[torch.device]) -> DeviceMemory:
    """Return the free memory of devices; for GPUs at most that of the CPU, where a model is loaded first."""
    free = sum(map(free_bytes, devices))
    if devices[0].type != "cuda":
        return DeviceMemory(free, devices[0])
    whose = "this machine's GPU has" if len(devices) == 1 else "this machine's GPUs have"
    gpus = DeviceMemory(free, devices[0], whose)
    main_memory = free_bytes(torch.device("cpu"))
    host = DeviceMemory(
        main_memory, devices[0], "this machine's main memory, which the model is loaded into first, has"
    )
    return min(gpus, host, key=lambda memory: memory.free)


def rows_that_fit(config: Any, tokens: int, free: float) -> int:
    """Return how many answers of a length in tokens fit into free bytes, at least 1.

    config: the language model's, from transformers. Half of the free memory is for keys and values.
    """
    heads = config.num_attention_heads
    key_share = (getattr(config, "num_key_value_heads", None) or heads) / heads
    value_bytes = (config.dtype or torch.float32).itemsize
    token_bytes = 2 * config.num_hidden_layers * config.hidden_size * key_share * value_bytes
    return max(1, int(free / 2 / (token_bytes * tokens)))


def choose_precision(size: ModelSize, memory: DeviceMemory, wanted: str = "auto") -> str:
    """Return the precision to load a model in: the wanted one, or for "auto" the best that fits.

    Raises ModelError, which says what is needed and what would fit, if the model does not fit.
    """
    order = _by_quality(size, memory.device)
    name = order[0] if wanted == "auto" else wanted
    fits = [name for name in order if size.bytes(name) <= memory.free]
    if size.bytes(name) <= memory.free:
        return name
    if wanted == "auto" and fits:
        return fits[0]
    needed = f"The model needs {_gb(size.bytes(name))} in {name}, {memory.whose} {_gb(memory.free)} free"
    if fits:
        raise ModelError(f"{needed}: use {fits[0]}, which needs about {_gb(size.bytes(fits[0]))}.")
    raise ModelError(
        f"{needed}; even in {order[-1]} it needs {_gb(size.bytes(order[-1]))}. "
        "Close other programs, use a machine with more memory, or use rsgpt-small."
    )


def _by_quality(size: ModelSize, device: torch.device) -> tuple[str, ...]:
    """Return the precisions for "auto", best quality first."""
    if size.language < _SMALL:
        return ("fp32",)
    return ("fp16" if device.type == "cuda" else "bf16", "int8", "int4")


def _counts(files: Iterable[Path]) -> Iterable[tuple[str, int]]:
    for file in files:
        with as_model_error(file, "weights"), safe_open(file, "pt") as tensors:
            for name in tensors.keys():  # noqa: SIM118 - not a dictionary
                yield name, math.prod(tensors.get_slice(name).get_shape())


def _gb(count: float) -> str:
    return f"{count / 1e9:.1f} GB"
