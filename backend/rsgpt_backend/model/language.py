"""Frozen language models: from a GGUF inside a package or a transformers folder, with their tokenizer.

A GGUF is unpacked once into the cache as safetensors, because unpacking takes longer than answering.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
from transformers.utils import logging as transformers_logging

from ..errors import ModelError
from ..strict_json import json_text
from .config import PACKAGE, LanguageConfig, QFormerConfig
from .files import inside, plain_files, read_json
from .hashes import file_sha256, joint_sha256, remembered_sha256
from .linear import narrowed
from .packages import packaged_file
from .precision import FLOAT32, Precision
from .pretrained import language_config, load_pretrained, load_tokenizer, weight_files
from .quantised import load_quantised

_UNPACKED = "unpacked.json"  # in the folder of an unpacked GGUF: the hash of its weights


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


def load_language(config: LanguageConfig, precision: Precision = FLOAT32, base: Path | None = None) -> Language:
    """Load model and tokenizer on the CPU; nothing is downloaded. base: see language_folder."""
    folder = language_folder(config, base)
    language_config(folder, config.encoder_decoder)  # what it is decides what reads its tokenizer
    _check_hash(config, folder)
    tokenizer = load_tokenizer(folder)
    if precision.bits:
        model = load_quantised(folder, config.encoder_decoder, precision)
    else:
        model = load_pretrained(folder, config.encoder_decoder, dtype=precision.language)
        model = narrowed(model) if precision.narrow else model
    if config.encoder_decoder:
        model.generation_config.decoder_start_token_id = config.bos_id
    return Language(model.eval().requires_grad_(False), tokenizer)


def load_reader(config: QFormerConfig, base: Path | None = None) -> Any:
    """The Q-Former's own tokenizer; None where it reads nothing or shares the language model's.

    base: the model's folder, in which it lies; None where a recipe names it.
    """
    if config.tokenizer == "language" or not (config.layers and config.instruction):
        return None
    if base is not None and Path(config.tokenizer).is_absolute():
        raise ModelError(
            f"{base / 'model.json'} names a tokenizer outside its folder, {config.tokenizer}. Copy that folder into "
            "it, and give its name there as tokenizer."
        )
    folder = Path(config.tokenizer) if base is None else inside(base, config.tokenizer)
    return load_tokenizer(folder, truncation_side="left")


def language_folder(config: LanguageConfig, base: Path | None = None) -> Path:
    """The transformers folder of a language model, unpacked from its GGUF if that has not been done.

    base: the model's folder, in which a relative one lies. An absolute one, which training writes, is accepted where
    the hash of its weights is recorded: then nothing is read that the model was not made with. None: a recipe, whose
    paths are its author's own, names it.
    """
    if config.source.startswith(PACKAGE):
        return _unpacked(packaged_file(config.source.removeprefix(PACKAGE)), config.sha256)
    if base is None:
        return Path(config.source)
    if not Path(config.source).is_absolute():
        return inside(base, config.source)
    if not config.sha256:
        raise ModelError(
            f"{base / 'model.json'} names a language model outside its folder, {config.source}, without its hash. "
            "Copy it into the folder and give its name there as source, or give the hash as sha256."
        )
    return Path(config.source)


def language_sha256(config: LanguageConfig, base: Path | None = None) -> str:
    """What a model's config records of its language model: the GGUF's hash, or one of its files' hashes in order."""
    if config.source.startswith(PACKAGE):
        return file_sha256(packaged_file(config.source.removeprefix(PACKAGE)))
    return joint_sha256(plain_files(language_folder(config, base), ".safetensors"))


def home() -> Path:
    """Where the backend keeps what it makes: RSGPT_HOME, else a folder in the user's cache."""
    given = os.environ.get("RSGPT_HOME")
    if given:
        return Path(given)
    caches = {"win32": "AppData/Local", "darwin": "Library/Caches"}
    return Path.home() / caches.get(sys.platform, ".cache") / "rsgpt"


def _check_hash(config: LanguageConfig, folder: Path) -> None:
    """ModelError where the weights are not those that a hash is recorded of. A GGUF's are compared when unpacked."""
    if not config.sha256 or config.source.startswith(PACKAGE):
        return
    weight_files(folder)
    if _weights_sha256(folder) != config.sha256:
        raise ModelError(
            f"The weights in {folder} are damaged, or not those that the model was made with: their hash is not the "
            "one in its model.json. Get them again."
        )


def _weights_sha256(folder: Path) -> str:
    return remembered_sha256(plain_files(folder, ".safetensors"), home() / "language" / "hashes")


def _unpacked(gguf: Path, sha256: str) -> Path:
    """The folder of an unpacked GGUF. What a change has damaged is unpacked again."""
    folder = home() / "language" / f"{gguf.stem}-{sha256[:12]}"
    if not _is_whole(folder):
        _unpack(gguf, sha256, folder)
    return folder


def _is_whole(folder: Path) -> bool:
    try:
        return read_json(folder, _UNPACKED).get("weights_sha256") == _weights_sha256(folder)
    except ModelError:
        return False


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
    note = {"weights_sha256": joint_sha256(plain_files(part, ".safetensors"))}
    (part / _UNPACKED).write_text(json_text(note), encoding="utf-8")
    _publish(part, folder)


def _publish(part: Path, folder: Path) -> None:
    """Give an unpacked folder its name. Where another process was faster, its copy is the same and stays."""
    damaged = part.with_name(f"{part.name}.damaged")
    if not _is_whole(folder):
        with suppress(OSError):  # there is none, or another process moves it
            folder.rename(damaged)
    with suppress(OSError):
        part.rename(folder)
    for left in (part, damaged):
        shutil.rmtree(left, ignore_errors=True)
