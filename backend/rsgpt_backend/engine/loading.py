"""Loading a model into an engine: the precision that fits this machine, the weights, and the layout for inference."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import torch

from ..model.config import ModelConfig
from ..model.fingerprint import fingerprint
from ..model.hardware import device_map
from ..model.hardware.grouped_attention import share, shares
from ..model.hardware.heap import trim_heap
from ..model.hardware.memory import DeviceMemory, ModelSize, device_memory, fitting, size_of
from ..model.hardware.packed_linear import packed
from ..model.hardware.precision import precision
from ..model.language.language_files import language_folder
from ..model.registry import model_folder
from ..model.rsgpt import Rsgpt
from ..model.vision.efficientnet import EfficientNetLite
from ..model.weights import load_model
from .engine import Engine

_MUCH = 3e9  # bytes


def load_engine(
    name: str, wanted: str = "auto", tell: Callable[[str], None] = lambda _: None, device: str = "auto"
) -> Engine:
    """Load a model by name or folder, in a precision of model/hardware/precision.py; "auto" is the best that fits.

    A small model stays in float32: at its size bfloat16 is no faster, and answers would depend on the other rows of
    their batch. tell: see fitting_precision. ModelError where the model cannot be loaded or does not fit.
    """
    devices = device_map.devices(device)
    folder, chosen = model_folder(name), fitting_precision(name, wanted, tell, device)
    model = load_model(folder, precision(chosen, devices[0]))
    return Engine(
        _optimized_for_inference(device_map.place(model, devices)), fingerprint(model.config, folder, chosen), chosen
    )


def fitting_precision(
    name: str, wanted: str, tell: Callable[[str], None] = lambda _: None, device: str = "auto"
) -> str:
    """The precision of model/precision.py to load a model in on a device; ModelError if it does not fit.

    tell: takes a sentence on what it needs, where that is much.
    """
    folder, place = model_folder(name), device_memory(device_map.devices(device))
    size = _size(folder)
    chosen = fitting(size, place, wanted)
    if size.bytes(chosen) > _MUCH:
        tell(f"{folder.name} in {chosen} needs {size.bytes(chosen) / 1e9:.1f} GB, {place.free / 1e9:.1f} GB are free.")
    return chosen


def best_precision(name: str, device: str) -> str:
    """The precision for a cluster whose machines are not known here: the same for all, so that they answer alike.

    It does not depend on memory: a machine that has too little of it says so when it loads the model.
    """
    return fitting(_size(model_folder(name)), DeviceMemory(math.inf, torch.device(device)))


def _size(folder: Path) -> ModelSize:
    return size_of(folder, language_folder(ModelConfig.read(folder).language, folder))


def _optimized_for_inference(model: Rsgpt) -> Rsgpt:
    """The same model, that says the same, and can be neither trained nor saved any more."""
    if isinstance(model.encoder, EfficientNetLite):
        model.encoder.fold()
    if shares(model.language):
        share(model.language)
    packed(model)
    trim_heap()  # what the matrices took before
    return model
