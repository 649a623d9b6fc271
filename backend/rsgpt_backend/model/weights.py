"""Load and save the trained weights of a model, one safetensors file per model, verified by its hash.

The matrices of the trained parts may be stored as int8 with one scale per row, which saves three quarters of the size
at no measurable loss of quality.
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
from .folder_files import as_model_error, regular_file
from .hardware.linear import NarrowLinear, narrow_linear_layers
from .hardware.precision import FLOAT32, Precision
from .hashes import file_sha256
from .language.language import load_language, load_reader
from .language.language_files import language_sha256
from .language.pretrained import check_finite, copy_tokenizer, is_finite
from .packages import packaged_file
from .published_models import READER_FOLDER
from .rsgpt import TRAINED_PARTS, Rsgpt
from .vision.efficientnet import published_state
from .vision.encoders import channels_last

WEIGHTS_FILE = "model.safetensors"
_SCALE = ".scale"
_ENCODER, _FINDER = "encoder.", "finder."
_MIN_VOCABULARY = 128  # a beam search needs two tokens per beam, and an answer reports 20 alternatives


def save_model(model: Rsgpt, folder: Path, compressed: bool = True) -> ModelConfig:
    """Write encoder, trained parts and config into a model folder; return the config with the hash of the weights.

    compressed: whether to store encoder and finder in float16 and the other matrices as int8; otherwise see
    `to_stored`.
    The Q-Former's tokenizer is copied into the folder; the hash of a language model outside the folder is recorded.
    Raises ModelError, and writes nothing, if a weight is NaN or infinite.
    """
    parts = {"encoder": model.encoder, **model.trained_parts()}
    weights = {f"{part}.{key}": value for part, module in parts.items() for key, value in module.state_dict().items()}
    check_finite(weights.items(), folder / WEIGHTS_FILE)
    tensors: dict[str, Tensor] = {}
    for name, value in weights.items():
        tensors |= _compress(name, value) if compressed else {name: to_stored(name, value)}
    check_stored(tensors, folder / WEIGHTS_FILE)
    folder.mkdir(parents=True, exist_ok=True)
    save_file({key: value.cpu().contiguous() for key, value in tensors.items()}, folder / WEIGHTS_FILE)
    config = _loadable_config(model.config, folder)
    config = dataclasses.replace(config, weights_sha256=file_sha256(folder / WEIGHTS_FILE))
    config.write(folder)
    return config


def _loadable_config(config: ModelConfig, folder: Path) -> ModelConfig:
    """Return a recipe's config as it can be loaded from the folder."""
    language, qformer = config.language, config.qformer
    if not language.sha256 and Path(language.source).is_absolute():
        language = dataclasses.replace(language, sha256=language_sha256(language))
    if Path(qformer.tokenizer).is_absolute():
        copy_tokenizer(Path(qformer.tokenizer), folder / READER_FOLDER)
        qformer = dataclasses.replace(qformer, tokenizer=READER_FOLDER)
    return dataclasses.replace(config, language=language, qformer=qformer)


def check_stored(tensors: dict[str, Tensor], path: Path) -> None:
    """Raise ModelError if a weight has become infinite because it is too large for its storage format."""
    for name, value in tensors.items():
        if not is_finite(value):
            raise ModelError(f"{path}: {name} has numbers that are too large for 16 bits. The model cannot be saved.")


def to_stored(name: str, value: Tensor) -> Tensor:
    """Return an uncompressed weight: matrices of the encoder in 16 bits, as in LAVIS, others in 32."""
    return value.half() if name.startswith(_ENCODER) and value.ndim > 1 else value.float()


def load_model(folder: Path, precision: Precision = FLOAT32) -> Rsgpt:
    """Return the model of a folder, in evaluation mode on the CPU.

    Raises ModelError if a file is missing or damaged, or the weights do not match the hash in the config.
    """
    config = ModelConfig.read(folder)
    path = regular_file(folder, WEIGHTS_FILE)
    if file_sha256(path) != config.weights_sha256:
        raise ModelError(f"{path} is not the file that its model.json names. Install the model again.")
    language = load_language(config.language, precision, folder)
    reader = load_reader(config.qformer, folder)
    with init_empty_weights(), as_model_error(folder / CONFIG_FILE, "model"):
        model = Rsgpt(config, language, reader)  # with empty weights, so that none is in memory twice
    check_vocabulary(model, folder)
    with as_model_error(path, "weights"):
        with safe_open(path, "pt") as file:
            state = _read(file, _ENCODER, precision.encoder, _narrow(model.encoder, precision))
            _fill(model.encoder, state, _ENCODER, path)
        with safe_open(path, "pt") as file:  # opened again: pages that were read stay in memory while a file is open
            for part in TRAINED_PARTS:
                module = model.trained_parts().get(part, nn.Identity())
                _fill(module, _read(file, f"{part}.", torch.float32), f"{part}.", path)
    channels_last(model.encoder)
    return model.eval().requires_grad_(False)


def check_vocabulary(model: Rsgpt, folder: Path) -> None:
    """Raise ModelError if the language model has no vector for a token of its tokenizer or of model.json."""
    config, language, path = model.config, model.config.language, folder / CONFIG_FILE
    table = model.language.get_input_embeddings()
    if table.embedding_dim != language.width:
        raise ModelError(f"{path}: the language model is {table.embedding_dim} wide, not {language.width}.")
    for key, token in (("bos_id", language.bos_id), ("eos_id", language.eos_id)):
        if token >= table.num_embeddings:
            raise ModelError(
                f"{path}: {key} is {token}, but the language model has {table.num_embeddings} tokens. Correct {key}."
            )
    if table.num_embeddings < _MIN_VOCABULARY:
        raise ModelError(f"{path}: the language model has only {table.num_embeddings} tokens. Get the model again.")
    largest = max([0, *model.tokenizer.get_vocab().values()])
    if largest >= table.num_embeddings:
        raise ModelError(
            f"The tokenizer of {folder} has the token {largest}, but the language model has {table.num_embeddings} "
            "tokens. They do not belong together: get the model again."
        )
    yes = model.tokenizer.encode(f"{language.lead}yes", add_special_tokens=False)
    if config.yes_odds and len(yes) != 1:
        raise ModelError(
            f"{path} has yes_odds, but its tokenizer splits “yes” into {len(yes)} tokens. Remove yes_odds."
        )


def load_published(encoder: nn.Module, source: str) -> None:
    """Load the published weights of an encoder from a package. source: "NAME/FILE"."""
    path = packaged_file(source)
    pickled = torch.load(path, map_location="cpu", weights_only=True)  # nosec B614 - tensors only, from a pinned package
    check_finite(pickled.items(), path)
    encoder.load_state_dict(published_state(pickled))


def _fill(module: nn.Module, state: dict[str, Tensor], prefix: str, path: Path) -> None:
    """Load weights into a module. Raises ModelError if keys or shapes differ, or a weight is not finite."""
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
    """Return a weight in compressed form: encoder and finder in float16, other matrices as int8 rows and scales."""
    if key.startswith((_ENCODER, _FINDER)):
        return {key: value.half() if value.is_floating_point() else value}
    if value.ndim != 2:
        return {key: value.float()}
    scale = value.float().abs().amax(1, keepdim=True).clamp(min=1e-8) / 127
    return {key: (value.float() / scale).round().to(torch.int8), key + _SCALE: scale}


def _narrow(encoder: nn.Module, precision: Precision) -> set[str]:
    """Prepare an encoder for 16-bit matrices if there are any; return their names."""
    if not precision.narrow:
        return set()
    layers = narrow_linear_layers(encoder).named_modules()
    return {f"{name}.weight" for name, layer in layers if isinstance(layer, NarrowLinear)}


def _read(file: Any, prefix: str, dtype: torch.dtype, narrow: Collection[str] = ()) -> dict[str, Tensor]:
    """Return the weights of one part by their names in it. Integers keep their type; `narrow` weights get 16 bits."""
    names = set(file.keys())
    weights = {}
    for name in names:
        if name.startswith(prefix) and not name.endswith(_SCALE):
            key = name.removeprefix(prefix)
            weights[key] = _decompress(file, name, name + _SCALE in names, torch.float16 if key in narrow else dtype)
    return weights


def _decompress(file: Any, name: str, scaled: bool, dtype: torch.dtype) -> Tensor:
    value: Tensor = file.get_tensor(name)
    if scaled:
        return (value.float() * file.get_tensor(name + _SCALE)).to(dtype)
    return value.to(dtype) if value.is_floating_point() else value
