"""Whether a machine's own memory holds the model that each process of a run loads. It loads nothing."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from ..errors import ModelError
from ..model.config import ModelConfig
from ..model.hardware.memory import ModelSize, free_bytes, model_size
from ..model.language.language_files import language_folder

_STATE = 12  # bytes that training adds for each parameter of the bridge: its gradient, and two of the optimizer


def check_memory(start: Path, dtype: torch.dtype, device: torch.device) -> None:
    """ModelError where the processes of this machine do not fit: each has the model whole, at least while it loads.

    start: the model's folder; dtype: of its language model; device: where it is trained.
    """
    size = model_size(start, language_folder(ModelConfig.read(start).language, start))
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    needed, free = processes * _bytes(size, dtype, device), free_bytes(torch.device("cpu"))
    if needed <= free:
        return
    few = "Start fewer processes here, or take" if processes > 1 else "Close other programs, or take"
    raise ModelError(
        f"Training needs {needed / 1e9:.1f} GB of this machine's own memory, {needed / processes / 1e9:.1f} a process, "
        f"and {free / 1e9:.1f} GB are free. {few} a machine with more."
    )


def _bytes(size: ModelSize, dtype: torch.dtype, device: torch.device) -> float:
    """What one process takes: the encoder in 32 bits, and on a processor what training adds."""
    whole = size.bytes("fp32") if dtype is torch.float32 else size.bytes("bf16") + 2 * size.encoder
    return whole + (_STATE * size.bridge if device.type == "cpu" else 0)
