"""Weights on disk: one safetensors file a model, named by its hash; and the encoders' published pickles, read once.

Matrices of the bridge may be stored as int8 with one scale a row, which costs no measurable quality and
three quarters of the size.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from pathlib import Path
from typing import Any

import torch
from accelerate import init_empty_weights
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from ..errors import ModelError
from .config import ModelConfig
from .efficientnet import published_state
from .language import file_sha256, load_language, load_reader, packaged_file
from .linear import NarrowLinear, narrowed
from .precision import FLOAT32, Precision
from .rsgpt import Rsgpt
from .vision import fast

WEIGHTS_FILE = "model.safetensors"
_SCALE = ".scale"
_ENCODER, _BRIDGE = "encoder.", "bridge."


def save_model(model: Rsgpt, folder: Path, compressed: bool = True) -> ModelConfig:
    """Write encoder and bridge, and the config with their hash.

    compressed: the encoder in float16, the bridge's matrices as int8; else both as `stored` has them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts = {"encoder": model.encoder, "bridge": model.bridge}
    weights = {f"{part}.{key}": value for part, module in parts.items() for key, value in module.state_dict().items()}
    tensors: dict[str, Tensor] = {}
    for name, value in weights.items():
        tensors |= _compress(name, value) if compressed else {name: stored(name, value)}
    save_file({key: value.cpu().contiguous() for key, value in tensors.items()}, folder / WEIGHTS_FILE)
    config = dataclasses.replace(model.config, weights_sha256=file_sha256(folder / WEIGHTS_FILE))
    config.write(folder)
    return config


def stored(name: str, value: Tensor) -> Tensor:
    """A weight at full size: the encoder's matrices in 16 bits, as LAVIS runs them; all else in 32."""
    return value.half() if name.startswith(_ENCODER) and value.ndim > 1 else value.float()


def load_model(folder: Path, precision: Precision = FLOAT32) -> Rsgpt:
    """A model folder -> the model in evaluation mode on the CPU; the file must be the one its config names."""
    config = ModelConfig.read(folder)
    path = folder / WEIGHTS_FILE
    if not path.exists() or file_sha256(path) != config.weights_sha256:
        raise ModelError(f"{path} is missing or is not the file that its model.json names. Install the model again.")
    language = load_language(config.language, precision, folder)
    with init_empty_weights():  # each weight takes the place of an empty one: none is in memory twice
        model = Rsgpt(config, language, load_reader(config.qformer, folder))
    try:
        with safe_open(path, "pt") as file:
            _fill(model.encoder, _read(file, _ENCODER, precision.encoder, _narrow(model.encoder, precision)), _ENCODER)
        with safe_open(path, "pt") as file:  # anew: what of a file was read stays in memory as long as it is open
            _fill(model.bridge, _read(file, _BRIDGE, torch.float32), _BRIDGE)
    except SafetensorError as error:
        raise ModelError(f"{path} is not a readable safetensors file. Install the model again.") from error
    fast(model.encoder)
    return model.eval().requires_grad_(False)


def load_published(encoder: nn.Module, source: str) -> None:
    """Start an encoder from the weights its authors published as a package: "NAME/FILE"."""
    path = packaged_file(source)
    pickled = torch.load(path, map_location="cpu", weights_only=True)  # nosec B614 - tensors only, from a pinned package
    encoder.load_state_dict(published_state(pickled))


def _fill(module: nn.Module, state: dict[str, Tensor], prefix: str) -> None:
    """Give a module its weights; every key must be there, and none more."""
    expected = module.state_dict()
    wrong = sorted(state.keys() ^ expected.keys())
    wrong += [key for key in state.keys() & expected.keys() if state[key].shape != expected[key].shape]
    if wrong:
        raise ModelError(f"The weights do not fit the model: {prefix}{wrong[0]} and {len(wrong) - 1} more differ.")
    module.load_state_dict(state, assign=True)


def _compress(key: str, value: Tensor) -> dict[str, Tensor]:
    """The encoder in float16; a matrix of the bridge as int8 rows and their scales, anything else of it as it is."""
    if key.startswith(_ENCODER):
        return {key: value.half() if value.is_floating_point() else value}
    if value.ndim != 2:
        return {key: value.float()}
    scale = value.float().abs().amax(1, keepdim=True).clamp(min=1e-8) / 127
    return {key: (value.float() / scale).round().to(torch.int8), key + _SCALE: scale}


def _narrow(encoder: nn.Module, precision: Precision) -> set[str]:
    """Prepare an encoder for matrices of 16 bits, if there are to be any -> their names."""
    if not precision.narrow:
        return set()
    layers = narrowed(encoder).named_modules()
    return {f"{name}.weight" for name, layer in layers if isinstance(layer, NarrowLinear)}


def _read(file: Any, prefix: str, dtype: torch.dtype, narrow: Collection[str] = ()) -> dict[str, Tensor]:
    """The weights of one part, by their names in it; counters stay whole numbers. narrow: those that get 16 bits."""
    names = set(file.keys())
    found = {}
    for name in names:
        if name.startswith(prefix) and not name.endswith(_SCALE):
            key = name.removeprefix(prefix)
            found[key] = _exact(file, name, name + _SCALE in names, torch.float16 if key in narrow else dtype)
    return found


def _exact(file: Any, name: str, scaled: bool, dtype: torch.dtype) -> Tensor:
    value: Tensor = file.get_tensor(name)
    if scaled:
        return (value.float() * file.get_tensor(name + _SCALE)).to(dtype)
    return value.to(dtype) if value.is_floating_point() else value
