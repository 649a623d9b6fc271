"""Load an untrusted language model folder with transformers, without running code from it.

transformers gets a config with known keys only, weights from regular files of the folder, and a copy of the tokenizer's
files. Settings that would run or download code are rejected (other attention kernels, quantization, adapters) or
removed (`auto_map`).
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import (
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    OPTConfig,
    OPTForCausalLM,
    PreTrainedConfig,
    T5Config,
    T5ForConditionalGeneration,
)
from transformers.utils import logging as transformers_logging

from rsgpt_plugin.shared.text import one_line

from ...errors import ModelError
from ...strict_json import json_text
from ..folder_files import as_model_error, exists, read_json, regular_file
from .language_files import weight_files

TRANSFORMERS_CONFIG = "config.json"
CONTENT = "language model"  # for error messages
_LOCAL_ONLY = {"local_files_only": True, "trust_remote_code": False}  # no download, no code from the folder

_KINDS: dict[str, tuple[type[Any], type[Any]]] = {
    "llama": (LlamaConfig, LlamaForCausalLM),
    "opt": (OPTConfig, OPTForCausalLM),
    "t5": (T5Config, T5ForConditionalGeneration),
}
_OLDER_KEYS = {"tie_word_embeddings", "rope_theta", "rope_scaling"}  # read, but not a field of every config class
_ATTENTION = (None, "eager", "sdpa", "flash_attention_2", "flash_attention_3", "flex_attention")
_LAYERS, _MAX_LAYERS = ("num_hidden_layers", "num_layers", "num_decoder_layers"), 256
_OPTIONAL = ("num_key_value_heads", "num_decoder_layers", "head_dim")
_SIZES = {
    *_LAYERS, *_OPTIONAL, "vocab_size", "hidden_size", "d_model", "d_kv", "d_ff", "ffn_dim", "intermediate_size",
    "num_attention_heads", "num_heads", "max_position_embeddings", "word_embed_proj_dim",
}  # fmt: skip
_MAX_NUMBER = 16_000_000
_GENERATION = "generation_config.json"

_TOKENIZER_FILES = (
    "tokenizer.json", "tokenizer.model", "spiece.model", "vocab.json", "merges.txt", "vocab.txt",
    "special_tokens_map.json", "added_tokens.json",
)  # fmt: skip
_TOKENIZER_CONFIG = "tokenizer_config.json"
_TOKENIZERS = ("Llama", "GPT2", "T5", "Bert", "CodeLlama", "PreTrained")
_TOKENIZER_KEYS = {
    "add_bos_token", "add_dummy_prefix_space", "add_eos_token", "add_prefix_space", "added_tokens_decoder",
    "additional_special_tokens", "clean_up_tokenization_spaces", "do_basic_tokenize", "do_lower_case", "errors",
    "extra_ids", "extra_special_tokens", "legacy", "model_max_length", "never_split", "padding_side",
    "spaces_between_special_tokens", "split_special_tokens", "strip_accents", "tokenize_chinese_chars",
    "tokenizer_class", "truncation_side", "use_default_system_prompt",
}  # fmt: skip
_MAX_TOKENIZER_BYTES = 100_000_000  # per file


def language_config(folder: Path, encoder_decoder: bool) -> PreTrainedConfig:
    """Return a config of the known keys of config.json. Raises ModelError if the model is not supported."""
    data, path = read_json(folder, TRANSFORMERS_CONFIG), folder / TRANSFORMERS_CONFIG
    kind = data.get("model_type")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ModelError(
            f"{path} has the model type {kind!r}; supported are {', '.join(_KINDS)}. Choose another language model."
        )
    if (kind == "t5") != encoder_decoder:
        raise ModelError(f"{path} has the model type {kind!r}, which contradicts model.json. Get the model again.")
    _check_extras(folder, data)
    config_class = _KINDS[kind][0]
    settings = {key: value for key, value in data.items() if key in _OLDER_KEYS or key in config_class.__annotations__}
    for key, value in settings.items():
        _check_number(path, key, value)
    with as_model_error(path, "config of a language model"):
        config: PreTrainedConfig = config_class(**settings)
    return config


def load_pretrained(folder: Path, encoder_decoder: bool, **settings: Any) -> Any:
    """Return the model; None for device_map "meta", which only checks it.

    Raises ModelError, which names the weight, if a weight is missing, unexpected, of the wrong shape or not finite;
    transformers itself would use random values or skip it, and would open pickles. Names and shapes are compared before
    memory is allocated, because a config may claim any size.
    """
    config = language_config(folder, encoder_decoder)
    weight_files(folder)
    if exists(folder / _GENERATION):
        read_json(folder, _GENERATION)
    _loaded(folder, config, {**settings, "device_map": "meta"})
    if settings.get("device_map") == "meta":
        return None
    model = _loaded(folder, config, settings)
    check_finite(model.named_parameters(), folder)
    return model


def empty_pretrained(folder: Path, encoder_decoder: bool, dtype: torch.dtype) -> nn.Module:
    """Return the model with uninitialized weights."""
    config = language_config(folder, encoder_decoder)
    with as_model_error(folder, CONTENT):
        model: nn.Module = _KINDS[config.model_type][1]._from_config(config, dtype=dtype)
    return model


def load_tokenizer(folder: Path, **settings: Any) -> Any:
    """Return the tokenizer, loaded from a copy of the folder that holds tokenizer files only."""
    with tempfile.TemporaryDirectory(prefix="rsgpt-") as name, as_model_error(folder, "tokenizer"):
        copy = Path(name)
        for file in _TOKENIZER_FILES:
            if exists(folder / file):
                _copy(regular_file(folder, file), copy)
        (copy / _TOKENIZER_CONFIG).write_text(json_text(_tokenizer_config(folder)), encoding="utf-8")
        if exists(folder / TRANSFORMERS_CONFIG):  # the type of the model determines the tokenizer class
            model_type = {"model_type": read_json(folder, TRANSFORMERS_CONFIG).get("model_type")}
            (copy / TRANSFORMERS_CONFIG).write_text(json_text(model_type), encoding="utf-8")
        tokenizer = AutoTokenizer.from_pretrained(copy, **_LOCAL_ONLY, **settings)  # nosec B615 - a local folder
        tokenizer("a")  # raises here if the tokenizer cannot be used
    return tokenizer


def copy_tokenizer(source: Path, out: Path) -> list[Path]:
    """Copy the files of a tokenizer, and the generation config; return the copies of the tokenizer files."""
    out.mkdir(parents=True, exist_ok=True)
    files = [regular_file(source, name) for name in (*_TOKENIZER_FILES, _TOKENIZER_CONFIG) if exists(source / name)]
    if files and exists(source / _GENERATION):
        shutil.copyfile(regular_file(source, _GENERATION), out / _GENERATION)
    return [Path(shutil.copyfile(file, out / file.name)) for file in files]


def check_finite(weights: Iterable[tuple[str, Tensor]], path: Path) -> None:
    """Raise ModelError, which names the weight, if a weight holds NaN or infinity. path: for the message."""
    for name, value in weights:
        if not is_finite(value):
            raise ModelError(f"{path}: {name} contains NaN or infinite numbers. Get the model from another source.")


def is_finite(value: Tensor) -> bool:
    """Return whether a tensor has neither NaN nor infinity; allocates no memory of its size."""
    if value.numel() == 0 or not value.is_floating_point():
        return True
    minimum, maximum = torch.aminmax(value.detach())
    return bool(torch.isfinite(minimum) & torch.isfinite(maximum))


def _loaded(folder: Path, config: PreTrainedConfig, settings: dict[str, Any]) -> Any:
    transformers_logging.disable_progress_bar()
    with as_model_error(folder, CONTENT):
        model, info = _KINDS[config.model_type][1].from_pretrained(  # nosec B615 - a local folder
            folder,
            config=config,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
            use_safetensors=True,
            **_LOCAL_ONLY,
            **settings,
        )
    problems = [f"lacks {name}" for name in info["missing_keys"]]
    problems += [f"has the unexpected weight {name}" for name in info["unexpected_keys"]]
    problems += [f"has {name} with a shape that does not fit its config" for name, *_ in info["mismatched_keys"]]
    if problems:
        raise ModelError(f"{folder} {min(problems)}; {len(problems) - 1} more weights are wrong. Get the model again.")
    return model


def _check_extras(folder: Path, data: dict[str, Any]) -> None:
    """Raise ModelError for settings that change how weights are read or where code comes from."""
    path = folder / TRANSFORMERS_CONFIG
    if exists(folder / "adapter_config.json"):
        raise ModelError(f"{folder} contains an adapter, which is not supported. Merge it into its model first.")
    for key in ("quantization_config", "compression_config"):
        if data.get(key):
            raise ModelError(
                f"{path} has a {key}: quantized weights are not supported. Use the model in 16 or 32 bits."
            )
    for key in ("_attn_implementation", "attn_implementation", "_experts_implementation"):
        if data.get(key) not in _ATTENTION:
            raise ModelError(
                f"{path} requires the kernel {one_line(str(data[key]))!r}, which is not supported. "
                f"Remove {key} from the file."
            )


def _check_number(path: Path, key: str, value: Any) -> None:
    if key in _SIZES:
        maximum = _MAX_LAYERS if key in _LAYERS else _MAX_NUMBER
        if value is None and key in _OPTIONAL:
            return
        if type(value) is not int or not 1 <= value <= maximum:
            raise ModelError(f"{path}: {key} is not a whole number from 1 to {maximum}. Get the model again.")
    elif isinstance(value, int) and key != "rope_theta" and abs(value) > _MAX_NUMBER:
        raise ModelError(f"{path}: {key} is {value}, which is out of range. Get the model again.")


def _tokenizer_config(folder: Path) -> dict[str, Any]:
    """Return the safe keys of a tokenizer's config, without those that name files or classes of the folder."""
    if not exists(folder / _TOKENIZER_CONFIG):
        return {}
    data = read_json(folder, _TOKENIZER_CONFIG)
    kind = data.get("tokenizer_class")
    stem = str(kind).removesuffix("Fast").removesuffix("Tokenizer")
    if kind is not None and kind != "TokenizersBackend" and stem not in _TOKENIZERS:
        raise ModelError(
            f"{folder / _TOKENIZER_CONFIG} names the tokenizer {kind!r}, which is not supported. "
            "Choose another language model."
        )
    return {key: value for key, value in data.items() if key in _TOKENIZER_KEYS or key.endswith("_token")}


def _copy(file: Path, folder: Path) -> None:
    if file.stat().st_size > _MAX_TOKENIZER_BYTES:
        raise ModelError(f"{file} is too large for a tokenizer file. Get the model again.")
    shutil.copyfile(file, folder / file.name)
