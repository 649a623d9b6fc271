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
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from ..errors import ModelError
from .config import CONFIG_FILE, ModelConfig
from .folder_files import opening, plain_file
from .hardware.linear import NarrowLinear, narrowed
from .hardware.precision import FLOAT32, Precision
from .hashes import file_sha256
from .language.language import load_language, load_reader
from .language.language_files import language_sha256
from .language.pretrained import check_finite, copy_tokenizer, is_finite
from .packages import packaged_file
from .published_models import READER_FOLDER
from .rsgpt import Rsgpt
from .vision.efficientnet import published_state
from .vision.encoders import fast

WEIGHTS_FILE = "model.safetensors"
_SCALE = ".scale"
_ENCODER, _BRIDGE = "encoder.", "bridge."
_FEWEST_TOKENS = 128  # a search looks at two for each beam, and an answer reports 20 alternatives


def save_model(model: Rsgpt, folder: Path, compressed: bool = True) -> ModelConfig:
    """Write encoder and bridge, and the config with their hash. ModelError, and no file: a weight is no number.

    compressed: the encoder in float16, the bridge's matrices as int8; else both as `stored` has them. A tokenizer of
    the Q-Former's own is copied into the folder, and of a language model outside it the hash is recorded.
    """
    parts = {"encoder": model.encoder, "bridge": model.bridge}
    weights = {f"{part}.{key}": value for part, module in parts.items() for key, value in module.state_dict().items()}
    check_finite(weights.items(), folder / WEIGHTS_FILE)
    tensors: dict[str, Tensor] = {}
    for name, value in weights.items():
        tensors |= _compress(name, value) if compressed else {name: stored(name, value)}
    check_stored(tensors, folder / WEIGHTS_FILE)
    folder.mkdir(parents=True, exist_ok=True)
    save_file({key: value.cpu().contiguous() for key, value in tensors.items()}, folder / WEIGHTS_FILE)
    config = dataclasses.replace(_settled(model.config, folder), weights_sha256=file_sha256(folder / WEIGHTS_FILE))
    config.write(folder)
    return config


def _settled(config: ModelConfig, folder: Path) -> ModelConfig:
    """The config of a model whose parts a recipe names, as one that can be loaded from its folder."""
    language, qformer = config.language, config.qformer
    if not language.sha256 and Path(language.source).is_absolute():
        language = dataclasses.replace(language, sha256=language_sha256(language))
    if Path(qformer.tokenizer).is_absolute():
        copy_tokenizer(Path(qformer.tokenizer), folder / READER_FOLDER)
        qformer = dataclasses.replace(qformer, tokenizer=READER_FOLDER)
    return dataclasses.replace(config, language=language, qformer=qformer)


def check_stored(tensors: dict[str, Tensor], path: Path) -> None:
    """ModelError names a weight that is a number, but too large a one for the bits in which it is stored."""
    for name, value in tensors.items():
        if not is_finite(value):
            raise ModelError(f"{path}: {name} holds numbers that are too large for 16 bits. The model cannot be kept.")


def stored(name: str, value: Tensor) -> Tensor:
    """A weight at full size: the encoder's matrices in 16 bits, as LAVIS runs them; all else in 32."""
    return value.half() if name.startswith(_ENCODER) and value.ndim > 1 else value.float()


def load_model(folder: Path, precision: Precision = FLOAT32) -> Rsgpt:
    """A model folder -> the model in evaluation mode on the CPU; the file must be the one its config names."""
    config = ModelConfig.read(folder)
    path = plain_file(folder, WEIGHTS_FILE)
    if file_sha256(path) != config.weights_sha256:
        raise ModelError(f"{path} is not the file that its model.json names. Install the model again.")
    language = load_language(config.language, precision, folder)
    reader = load_reader(config.qformer, folder)
    with init_empty_weights(), opening(folder / CONFIG_FILE, "model"):
        model = Rsgpt(config, language, reader)  # each weight takes the place of an empty one: none is in memory twice
    check_vocabulary(model, folder)
    with opening(path, "weights"):
        with safe_open(path, "pt") as file:
            state = _read(file, _ENCODER, precision.encoder, _narrow(model.encoder, precision))
            _fill(model.encoder, state, _ENCODER, path)
        with safe_open(path, "pt") as file:  # anew: what of a file was read stays in memory as long as it is open
            _fill(model.bridge, _read(file, _BRIDGE, torch.float32), _BRIDGE, path)
    fast(model.encoder)
    return model.eval().requires_grad_(False)


def check_vocabulary(model: Rsgpt, folder: Path) -> None:
    """ModelError where the language model has no vector of a token that its tokenizer or model.json names."""
    config, language, path = model.config, model.config.language, folder / CONFIG_FILE
    table = model.language.get_input_embeddings()
    if table.embedding_dim != language.width:
        raise ModelError(f"{path}: the language model is {table.embedding_dim} wide, not {language.width}.")
    for key, token in (("bos_id", language.bos_id), ("eos_id", language.eos_id)):
        if token >= table.num_embeddings:
            raise ModelError(
                f"{path}: {key} is {token}, and the language model has {table.num_embeddings} tokens. Correct it."
            )
    if table.num_embeddings < _FEWEST_TOKENS:
        raise ModelError(f"{path}: the language model has only {table.num_embeddings} tokens. Get the model again.")
    largest = max([0, *model.tokenizer.get_vocab().values()])
    if largest >= table.num_embeddings:
        raise ModelError(
            f"The tokenizer of {folder} has the token {largest}, and the language model has {table.num_embeddings}. "
            "They do not belong together: get the model again."
        )
    yes = model.tokenizer.encode(f"{language.lead}yes", add_special_tokens=False)
    if config.yes_odds and len(yes) != 1:
        raise ModelError(f"{path} has yes_odds, but its language model writes a yes in {len(yes)} tokens. Remove them.")


def load_published(encoder: nn.Module, source: str) -> None:
    """Start an encoder from the weights its authors published as a package: "NAME/FILE"."""
    path = packaged_file(source)
    pickled = torch.load(path, map_location="cpu", weights_only=True)  # nosec B614 - tensors only, from a pinned package
    check_finite(pickled.items(), path)
    encoder.load_state_dict(published_state(pickled))


def _fill(module: nn.Module, state: dict[str, Tensor], prefix: str, path: Path) -> None:
    """Give a module its weights; every key must be there, none more, and each a number."""
    expected = module.state_dict()
    wrong = sorted(state.keys() ^ expected.keys())
    wrong += [key for key in state.keys() & expected.keys() if state[key].shape != expected[key].shape]
    if wrong:
        raise ModelError(
            f"{path}: the weights do not fit the model: {prefix}{wrong[0]} and {len(wrong) - 1} more differ. "
            "Install the model again."
        )
    check_finite(((prefix + key, value) for key, value in state.items()), path)
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
