"""Load a model into an engine.

The path from a command to the weights: commands/model_options.engine_from -> load_engine (here) ->
model/weights.load_model (encoder and bridge) -> model/language/language.load_language (frozen language model), which
verifies the files with language_files.py and reads them with pretrained.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import torch

from ..model.config import ModelConfig
from ..model.fingerprint import fingerprint
from ..model.hardware import device_map
from ..model.hardware.grouped_attention import has_grouped_heads, use_grouped_attention
from ..model.hardware.heap import trim_heap
from ..model.hardware.memory import DeviceMemory, ModelSize, choose_precision, device_memory, model_size
from ..model.hardware.packed_linear import pack_linear_layers
from ..model.hardware.precision import precision
from ..model.language.language_files import language_folder
from ..model.registry import model_folder
from ..model.rsgpt import Rsgpt
from ..model.vision.efficientnet import EfficientNetLite
from ..model.weights import load_model
from .engine import Engine

_REPORTED_BYTES = 3e9  # a model that needs more memory is reported


def load_engine(
    name: str, wanted: str = "auto", report: Callable[[str], None] = lambda _: None, device: str = "auto"
) -> Engine:
    """Choose a precision, load the model, move it to its devices and optimize it; return its engine.

    name: a model name or folder; wanted: a key of model/hardware/precision.NAMES, or "auto" for the best that fits.
    A small model stays in float32: bfloat16 would not be faster, and answers would depend on the rest of their batch.
    report: receives a message about the memory that the model needs, if it is more than 3 GB. Raises ModelError if the
    model cannot be loaded or does not fit.
    """
    folder, devices = model_folder(name), device_map.select_devices(device)
    size, memory = _model_size(folder), device_memory(devices)
    chosen = choose_precision(size, memory, wanted)
    needed = size.bytes(chosen)
    if needed > _REPORTED_BYTES:
        report(f"{folder.name} in {chosen} needs {needed / 1e9:.1f} GB, {memory.free / 1e9:.1f} GB are free.")
    model = load_model(folder, precision(chosen, devices[0]))
    model = _optimized_for_inference(device_map.place_on_devices(model, devices))
    return Engine(model, fingerprint(model.config, folder, chosen), chosen)


def fitting_precision(name: str, wanted: str, device: str = "auto") -> str:
    """Return the precision that load_engine would choose; raise ModelError if the model does not fit the device."""
    return choose_precision(_model_size(model_folder(name)), device_memory(device_map.select_devices(device)), wanted)


def cluster_precision(name: str, device: str) -> str:
    """Return the precision for a cluster of unknown machines: the same for all, so that their answers agree.

    It does not depend on memory: a machine with too little memory raises an error when it loads the model.
    """
    return choose_precision(_model_size(model_folder(name)), DeviceMemory(math.inf, torch.device(device)))


def _model_size(folder: Path) -> ModelSize:
    return model_size(folder, language_folder(ModelConfig.read(folder).language, folder))


def _optimized_for_inference(model: Rsgpt) -> Rsgpt:
    """Change the layout of a model for speed. Its answers stay the same; it cannot be trained or saved any more."""
    if isinstance(model.encoder, EfficientNetLite):
        model.encoder.fold()
    if has_grouped_heads(model.language):
        use_grouped_attention(model.language)
    pack_linear_layers(model)
    trim_heap()  # free the memory of the matrices before packing
    return model
