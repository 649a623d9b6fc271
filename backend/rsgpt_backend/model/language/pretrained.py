"""A language model's folder in the layout of transformers, which others may have written, opened without running it.

transformers gets a config that is made of known keys alone, weights from plain files of the folder, and a copy of the
tokenizer's files. What would make it run or fetch code is refused (another attention kernel, a quantization, an
adapter) or not passed on (`auto_map`).
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
from ..folder_files import exists, opening, plain_file, read_json
from .language_files import weight_files

CONFIG = "config.json"
LOCAL = {"local_files_only": True, "trust_remote_code": False}  # nothing is downloaded, no code of a folder is run
WHAT = "language model"

_KINDS: dict[str, tuple[type[Any], type[Any]]] = {
    "llama": (LlamaConfig, LlamaForCausalLM),
    "opt": (OPTConfig, OPTForCausalLM),
    "t5": (T5Config, T5ForConditionalGeneration),
}
_OLDER_KEYS = {"tie_word_embeddings", "rope_theta", "rope_scaling"}  # read, but no field of every kind's config
_ATTENTION = (None, "eager", "sdpa", "flash_attention_2", "flash_attention_3", "flex_attention")
_LAYERS, _MOST_LAYERS = ("num_hidden_layers", "num_layers", "num_decoder_layers"), 256
_OPTIONAL = ("num_key_value_heads", "num_decoder_layers", "head_dim")
_SIZES = {
    *_LAYERS, *_OPTIONAL, "vocab_size", "hidden_size", "d_model", "d_kv", "d_ff", "ffn_dim", "intermediate_size",
    "num_attention_heads", "num_heads", "max_position_embeddings", "word_embed_proj_dim",
}  # fmt: skip
_MOST = 16_000_000
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
_LARGEST_TOKENIZER = 100_000_000  # bytes, of one file


def language_config(folder: Path, encoder_decoder: bool) -> PreTrainedConfig:
    """What config.json says of the language model's shape. ModelError: it is none that can be run here."""
    data, path = read_json(folder, CONFIG), folder / CONFIG
    kind = data.get("model_type")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ModelError(f"{path} is of the kind {kind!r}; known are {', '.join(_KINDS)}. Give another language model.")
    if (kind == "t5") != encoder_decoder:
        raise ModelError(f"{path} is of the kind {kind!r}, not what model.json says. Get the model again.")
    _check_extras(folder, data)
    config = _KINDS[kind][0]
    known = {key: value for key, value in data.items() if key in _OLDER_KEYS or key in config.__annotations__}
    for key, value in known.items():
        _check_number(path, key, value)
    with opening(path, "config of a language model"):
        made: PreTrainedConfig = config(**known)
    return made


def load_pretrained(folder: Path, encoder_decoder: bool, **settings: Any) -> Any:
    """The model. ModelError names a weight that is missing, too many, misshapen or no number.

    transformers itself would give it random values, or leave it out, and go on. It would open pickles, too. Names and
    shapes are compared before memory is taken, as a config may claim any size.
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
    """The model without its weights."""
    config = language_config(folder, encoder_decoder)
    with opening(folder, WHAT):
        model: nn.Module = _KINDS[config.model_type][1]._from_config(config, dtype=dtype)
    return model


def load_tokenizer(folder: Path, **settings: Any) -> Any:
    """The tokenizer, from a copy of its files that holds nothing else."""
    with tempfile.TemporaryDirectory(prefix="rsgpt-") as name, opening(folder, "tokenizer"):
        copy = Path(name)
        for file in _TOKENIZER_FILES:
            if exists(folder / file):
                _copy(plain_file(folder, file), copy)
        (copy / _TOKENIZER_CONFIG).write_text(json_text(_tokenizer_config(folder)), encoding="utf-8")
        if exists(folder / CONFIG):  # the kind of model decides between tokenizers
            kind = {"model_type": read_json(folder, CONFIG).get("model_type")}
            (copy / CONFIG).write_text(json_text(kind), encoding="utf-8")
        tokenizer = AutoTokenizer.from_pretrained(copy, **LOCAL, **settings)  # nosec B615 - a folder of this machine
        tokenizer("a")  # what cannot be used is told now
    return tokenizer


def copy_tokenizer(source: Path, out: Path) -> list[Path]:
    """Copy the files of a tokenizer, and how answers are generated; returns the copies."""
    out.mkdir(parents=True, exist_ok=True)
    files = [plain_file(source, name) for name in (*_TOKENIZER_FILES, _TOKENIZER_CONFIG) if exists(source / name)]
    if files and exists(source / _GENERATION):
        shutil.copyfile(plain_file(source, _GENERATION), out / _GENERATION)
    return [Path(shutil.copyfile(file, out / file.name)) for file in files]


def check_finite(weights: Iterable[tuple[str, Tensor]], where: Path) -> None:
    """ModelError names a weight that holds NaN or infinity."""
    for name, value in weights:
        if not is_finite(value):
            raise ModelError(f"{where}: {name} holds NaN or infinite numbers. Get the model from another source.")


def is_finite(value: Tensor) -> bool:
    """Whether a tensor holds neither NaN nor infinity; it takes no memory."""
    if value.numel() == 0 or not value.is_floating_point():
        return True
    least, most = torch.aminmax(value.detach())
    return bool(torch.isfinite(least) & torch.isfinite(most))


def _loaded(folder: Path, config: PreTrainedConfig, settings: dict[str, Any]) -> Any:
    transformers_logging.disable_progress_bar()
    with opening(folder, WHAT):
        model, found = _KINDS[config.model_type][1].from_pretrained(  # nosec B615 - a folder of this machine
            folder,
            config=config,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
            use_safetensors=True,
            **LOCAL,
            **settings,
        )
    wrong = [f"lacks {name}" for name in found["missing_keys"]]
    wrong += [f"holds {name}, which its model has not" for name in found["unexpected_keys"]]
    wrong += [f"holds {name} of another shape than its model's" for name, *_ in found["mismatched_keys"]]
    if wrong:
        raise ModelError(f"{folder} {min(wrong)}; {len(wrong) - 1} more weights are wrong. Get the model again.")
    return model


def _check_extras(folder: Path, data: dict[str, Any]) -> None:
    """Refuse what changes how weights are read or where code comes from."""
    path = folder / CONFIG
    if exists(folder / "adapter_config.json"):
        raise ModelError(f"{folder} holds an adapter, which is not supported. Merge it into its model first.")
    for key in ("quantization_config", "compression_config"):
        if data.get(key):
            raise ModelError(f"{path} has a {key}: weights of fewer bits cannot be read. Give the model in 16 or 32.")
    for key in ("_attn_implementation", "attn_implementation", "_experts_implementation"):
        if data.get(key) not in _ATTENTION:
            raise ModelError(
                f"{path} asks for the kernel {one_line(str(data[key]))!r}, and none is loaded. Remove {key} from it."
            )


def _check_number(path: Path, key: str, value: Any) -> None:
    if key in _SIZES:
        most = _MOST_LAYERS if key in _LAYERS else _MOST
        if value is None and key in _OPTIONAL:
            return
        if type(value) is not int or not 1 <= value <= most:
            raise ModelError(f"{path}: {key} is no whole number from 1 to {most}. Get the model again.")
    elif isinstance(value, int) and key != "rope_theta" and abs(value) > _MOST:
        raise ModelError(f"{path}: {key} is {value}, which no model has. Get the model again.")


def _tokenizer_config(folder: Path) -> dict[str, Any]:
    """The keys of a tokenizer's config that describe it; none that names a file or a class of the folder's own."""
    if not exists(folder / _TOKENIZER_CONFIG):
        return {}
    data = read_json(folder, _TOKENIZER_CONFIG)
    kind = data.get("tokenizer_class")
    stem = str(kind).removesuffix("Fast").removesuffix("Tokenizer")
    if kind is not None and kind != "TokenizersBackend" and stem not in _TOKENIZERS:
        raise ModelError(f"{folder / _TOKENIZER_CONFIG} names the tokenizer {kind!r}, which is not known here.")
    return {key: value for key, value in data.items() if key in _TOKENIZER_KEYS or key.endswith("_token")}


def _copy(file: Path, folder: Path) -> None:
    if file.stat().st_size > _LARGEST_TOKENIZER:
        raise ModelError(f"{file} is larger than any tokenizer's. Get the model again.")
    shutil.copyfile(file, folder / file.name)
