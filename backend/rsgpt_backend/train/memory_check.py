"""A check whether the main memory of this machine can hold the model for each process of a run."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from ..errors import ModelError
from ..model.config import ModelConfig
from ..model.hardware.memory import ModelSize, free_bytes, model_size
from ..model.language.language_files import language_folder

_STATE = 12  # bytes that training adds per parameter of the bridge: its gradient and two optimizer moments


def check_memory(start: Path, dtype: torch.dtype, device: torch.device) -> None:
    """Raise ModelError if the memory is too small: each process holds the whole model, at least while loading.

    start: the model's folder; dtype: of its language model; device: where it is trained.
    """
    size = model_size(start, language_folder(ModelConfig.read(start).language, start))
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    needed, free = processes * _bytes(size, dtype, device), free_bytes(torch.device("cpu"))
    if needed <= free:
        return
    advice = "Start fewer processes on this machine" if processes > 1 else "Close other programs"
    raise ModelError(
        f"Training needs {needed / 1e9:.1f} GB of main memory ({needed / processes / 1e9:.1f} GB per process), but "
        f"{free / 1e9:.1f} GB are free. {advice}, or use a machine with more memory."
    )


def _bytes(size: ModelSize, dtype: torch.dtype, device: torch.device) -> float:
    """Return the memory of one process: the model with the encoder in 32 bits, and on a CPU the training state."""
    model = size.bytes("fp32") if dtype is torch.float32 else size.bytes("bf16") + 2 * size.encoder
    return model + (_STATE * size.bridge if device.type == "cpu" else 0)
