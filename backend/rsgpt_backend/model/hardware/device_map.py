"""On which processors the parts of a model lie: one, or GPUs that share its language model. It loads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from accelerate import dispatch_model, infer_auto_device_map

from ...errors import ModelError
from ..rsgpt import Rsgpt
from .memory import WORK, available


def devices(wanted: str = "auto") -> list[torch.device]:
    """Those to use: auto is all GPUs, or else the processor. ModelError where there is none of that name."""
    gpus = [torch.device("cuda", number) for number in range(torch.cuda.device_count())]
    usable = {"cpu": torch.device("cpu"), **{str(gpu): gpu for gpu in gpus}}
    if torch.backends.mps.is_available():
        usable["mps"] = torch.device("mps")
    if wanted in ("auto", "cuda") and gpus:
        return gpus
    name = "cpu" if wanted == "auto" else wanted
    if name not in usable:
        raise ModelError(f"This machine has no device {wanted!r} that PyTorch can use. Choose {', '.join(usable)}.")
    return [usable[name]]


def place(model: Rsgpt, over: Sequence[torch.device]) -> Rsgpt:
    """Encoder and bridge go to the first device; the language model too if it fits there, else it is spread."""
    first = over[0]
    if len(over) == 1:
        return model.to(first)
    model.encoder.to(first)
    model.bridge.to(first)
    free = [available(device) for device in over]
    model.language = dispatch_model(model.language, device_map=language_map(model.language, free))
    return model


def language_map(language: Any, free: Sequence[float]) -> dict[str, int]:
    """Which GPU holds which layers, given each one's free bytes; the first ones are filled first. ModelError: no room.

    Layers are never cut, and each GPU keeps room to work in.
    """
    room: dict[int | str, int] = {number: int(max(0.0, count - WORK)) for number, count in enumerate(free)}
    found: dict[str, int] = infer_auto_device_map(
        language, max_memory={**room, "cpu": 0}, no_split_module_classes=language._no_split_modules
    )
    if set(found.values()) - room.keys():
        raise ModelError("The language model does not fit the GPUs together. Choose --precision int8 or int4.")
    return found
