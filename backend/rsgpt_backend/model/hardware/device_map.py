"""The distribution of a model over devices: a single device, or several GPUs that share the language model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from accelerate import dispatch_model, infer_auto_device_map

from ...errors import ModelError
from ..rsgpt import Rsgpt
from .memory import WORK, free_bytes


def select_devices(wanted: str = "auto") -> list[torch.device]:
    """Return the devices to use; "auto" means all GPUs, or the CPU if there is none.

    Raises ModelError if this machine has no such device.
    """
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


def place_on_devices(model: Rsgpt, targets: Sequence[torch.device]) -> Rsgpt:
    """Move a model to its first device, and distribute the layers of the language model if they do not fit there."""
    first = targets[0]
    if len(targets) == 1:
        return model.to(first)
    model.encoder.to(first)
    for part in model.trained_parts().values():
        part.to(first)
    free = [free_bytes(device) for device in targets]
    model.language = dispatch_model(model.language, device_map=language_device_map(model.language, free))
    return model


def language_device_map(language: Any, free: Sequence[float]) -> dict[str, int]:
    """Return the GPU number of each layer, given the free bytes per GPU; the first GPUs are filled first.

    Each GPU keeps WORK bytes free. Raises ModelError if the model does not fit.
    """
    limits: dict[int | str, int] = {number: int(max(0.0, count - WORK)) for number, count in enumerate(free)}
    device_map: dict[str, int] = infer_auto_device_map(
        language, max_memory={**limits, "cpu": 0}, no_split_module_classes=language._no_split_modules
    )
    if set(device_map.values()) - limits.keys():
        raise ModelError("The language model does not fit into the GPUs. Choose --precision int8 or int4.")
    return device_map
