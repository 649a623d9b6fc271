"""The language model of a converted model: a transformers folder in safetensors, shard by shard.

One shard is in memory at a time, so that 26 GB pass through a machine of 16.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from ..errors import ModelError
from ..model.config import LanguageConfig
from ..model.language import file_sha256, load_whole
from .keys import renamed

SHARD_BYTES = 2 * 1024**3
_SPEECH = ("tokenizer", "special_tokens_map", "added_tokens", "vocab", "merges", "spiece", "generation_config")


def write_language(weights: Mapping[str, Tensor], config: Path | str, speech: Path, out: Path) -> str:
    """Write weights, config and tokenizer files into a folder; returns the hash of all weights.

    config: a config.json, or its text; speech: the folder of the tokenizer's files.
    """
    if isinstance(config, Path) and not config.is_file():
        raise ModelError(f"{speech} is no folder of a language model: it lacks {config.name}. Give another.")
    out.mkdir(parents=True)
    text = config if isinstance(config, str) else config.read_text(encoding="utf-8")
    (out / "config.json").write_text(text, encoding="utf-8")
    copied = copy_tokenizer(speech, out)
    if not copied:
        raise ModelError(f"{speech} holds no tokenizer. Give the whole folder of the language model.")
    where: dict[str, str] = {}
    digest = hashlib.sha256()
    for number, shard in enumerate(_shards(weights), start=1):
        file = out / f"model-{number:05d}.safetensors"
        save_file(
            {name: tensor.clone(memory_format=torch.contiguous_format) for name, tensor in shard.items()},
            file,
            {"format": "pt"},
        )
        where |= dict.fromkeys(shard, file.name)
        digest.update(file_sha256(file).encode())
    index = {"metadata": {}, "weight_map": where}
    (out / "model.safetensors.index.json").write_text(json.dumps(index, indent=1), encoding="utf-8")
    return digest.hexdigest()


def check_language(folder: Path, config: LanguageConfig) -> None:
    """ModelError names a weight that the written folder lacks, has too many of or in another shape. Takes no memory."""
    try:
        load_whole(folder, config, device_map="meta")
    except (OSError, ValueError) as error:
        raise ModelError(f"The language model cannot be loaded ({error}). Give another folder.") from error


def copy_tokenizer(source: Path, out: Path) -> list[Path]:
    """Copy the files of a tokenizer; returns the copies."""
    out.mkdir(parents=True, exist_ok=True)
    files = [file for file in sorted(source.iterdir()) if file.is_file() and file.name.startswith(_SPEECH)]
    return [Path(shutil.copyfile(file, out / file.name)) for file in files]


def _shards(weights: Mapping[str, Tensor]) -> Iterator[dict[str, Tensor]]:
    shard: dict[str, Tensor] = {}
    size = 0
    for name in weights:
        if not renamed(name):  # a counter, which transformers makes anew
            continue
        tensor = weights[name]
        if shard and size + tensor.nbytes > SHARD_BYTES:
            yield shard
            shard, size = {}, 0
        shard[name] = tensor
        size += tensor.nbytes
    if shard:
        yield shard
