"""Write the language model of a converted model: a transformers folder of safetensors shards.

Only one shard is in memory at a time, so that 16 GB of memory suffice for a model of 26 GB.
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


def write_language(weights: Mapping[str, Tensor], config: dict[str, Any], source: Path, out: Path) -> str:
    """Write weights, config and tokenizer files into a folder; return the hash of all weights.

    config: content of config.json; source: the folder of the tokenizer files.
    """
    out.mkdir(parents=True)
    (out / "config.json").write_text(json_text(config, indent=1), encoding="utf-8")
    if not copy_tokenizer(source, out):
        raise ModelError(f"{source} contains no tokenizer. Use the complete folder of the language model.")
    weight_map: dict[str, str] = {}
    digest = hashlib.sha256()
    for number, shard in enumerate(_shards(weights), start=1):
        check_finite(shard.items(), source)
        file = out / f"model-{number:05d}.safetensors"
        save_file(
            {name: tensor.clone(memory_format=torch.contiguous_format) for name, tensor in shard.items()},
            file,
            {"format": "pt"},
        )
        weight_map |= dict.fromkeys(shard, file.name)
        digest.update(file_sha256(file).encode())
    index = {"metadata": {}, "weight_map": weight_map}
    (out / INDEX).write_text(json_text(index, indent=1), encoding="utf-8")
    return digest.hexdigest()


def check_language(folder: Path, config: LanguageConfig) -> None:
    """Raise ModelError if weights of the written folder are missing, unexpected or of the wrong shape; reads none."""
    load_pretrained(folder, config.encoder_decoder, device_map="meta")


def _shards(weights: Mapping[str, Tensor]) -> Iterator[dict[str, Tensor]]:
    shard: dict[str, Tensor] = {}
    size = 0
    for name in weights:
        if not renamed(name):  # an unused buffer, which transformers creates again
            continue
        tensor = weights[name]
        if shard and size + tensor.nbytes > SHARD_BYTES:
            yield shard
            shard, size = {}, 0
        shard[name] = tensor
        size += tensor.nbytes
    if shard:
        yield shard
