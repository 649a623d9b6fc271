"""Weights on disk: one safetensors file a model, named by its hash; and the encoders' published pickles, read once.

Matrices of the bridge may be stored as int8 with one scale a row, which costs no measurable quality and
three quarters of the size.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ..errors import ModelError
from .config import ModelConfig
from .efficientnet import published_state
from .language import file_sha256, packaged_file
from .rsgpt import Rsgpt

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


def load_model(folder: Path, dtype: torch.dtype) -> Rsgpt:
    """A model folder -> the model in evaluation mode on the CPU; the file must be the one its config names.

    dtype: of the language model; encoder and bridge are always float32.
    """
    config = ModelConfig.read(folder)
    path = folder / WEIGHTS_FILE
    if not path.exists() or file_sha256(path) != config.weights_sha256:
        raise ModelError(f"{path} is missing or is not the file that its model.json names. Install the model again.")
    model = Rsgpt.build(config, dtype, folder)
    try:
        tensors = _expand(load_file(path))
    except SafetensorError as error:
        raise ModelError(f"{path} is not a readable safetensors file. Install the model again.") from error
    _fill(model.encoder, tensors, _ENCODER)
    _fill(model.bridge, tensors, _BRIDGE)
    return model.eval().requires_grad_(False)


def load_published(encoder: nn.Module, source: str) -> None:
    """Start an encoder from the weights its authors published as a package: "NAME/FILE"."""
    path = packaged_file(source)
    pickled = torch.load(path, map_location="cpu", weights_only=True)  # nosec B614 - tensors only, from a pinned package
    encoder.load_state_dict(published_state(pickled))


def _fill(module: nn.Module, tensors: dict[str, Tensor], prefix: str) -> None:
    """Load a module's part of the file; every key must be there, and none more."""
    state = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
    expected = module.state_dict()
    wrong = sorted(state.keys() ^ expected.keys())
    wrong += [key for key in state.keys() & expected.keys() if state[key].shape != expected[key].shape]
    if wrong:
        raise ModelError(f"The weights do not fit the model: {prefix}{wrong[0]} and {len(wrong) - 1} more differ.")
    module.load_state_dict(state)


def _compress(key: str, value: Tensor) -> dict[str, Tensor]:
    """The encoder in float16; a matrix of the bridge as int8 rows and their scales, anything else of it as it is."""
    if key.startswith(_ENCODER):
        return {key: value.half() if value.is_floating_point() else value}
    if value.ndim != 2:
        return {key: value.float()}
    scale = value.float().abs().amax(1, keepdim=True).clamp(min=1e-8) / 127
    return {key: (value.float() / scale).round().to(torch.int8), key + _SCALE: scale}


def _expand(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The inverse of storage: everything as float32, apart from counters."""
    full = {}
    for key, value in tensors.items():
        if key.endswith(_SCALE):
            continue
        scale = tensors.get(key + _SCALE)
        exact = value.float() if value.is_floating_point() or scale is not None else value
        full[key] = exact * scale if scale is not None else exact
    return full
