"""The language model of a converted model: a transformers folder in safetensors, shard by shard.

One shard is in memory at a time, so that 26 GB pass through a machine of 16.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from ..errors import ModelError
from ..model.config import LanguageConfig
from ..model.hashes import file_sha256
from ..model.language.language_files import INDEX
from ..model.language.pretrained import check_finite, copy_tokenizer, load_pretrained
from ..strict_json import json_text
from .weight_names import renamed

SHARD_BYTES = 2 * 1024**3


def write_language(weights: Mapping[str, Tensor], config: dict[str, Any], speech: Path, out: Path) -> str:
    """Write weights, config and tokenizer files into a folder; returns the hash of all weights.

    config: what config.json is to hold; speech: the folder of the tokenizer's files.
    """
    out.mkdir(parents=True)
    (out / "config.json").write_text(json_text(config, indent=1), encoding="utf-8")
    copied = copy_tokenizer(speech, out)
    if not copied:
        raise ModelError(f"{speech} holds no tokenizer. Give the whole folder of the language model.")
    where: dict[str, str] = {}
    digest = hashlib.sha256()
    for number, shard in enumerate(_shards(weights), start=1):
        check_finite(shard.items(), speech)
        file = out / f"model-{number:05d}.safetensors"
        save_file(
            {name: tensor.clone(memory_format=torch.contiguous_format) for name, tensor in shard.items()},
            file,
            {"format": "pt"},
        )
        where |= dict.fromkeys(shard, file.name)
        digest.update(file_sha256(file).encode())
    index = {"metadata": {}, "weight_map": where}
    (out / INDEX).write_text(json_text(index, indent=1), encoding="utf-8")
    return digest.hexdigest()


def check_language(folder: Path, config: LanguageConfig) -> None:
    """ModelError names a weight that the written folder lacks, has too many of or in another shape. Takes no memory."""
    load_pretrained(folder, config.encoder_decoder, device_map="meta")


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
