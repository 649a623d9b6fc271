"""Checkpoints in, one model folder out: config, weights of encoder and bridge, language model, tokenizers.

What a kill leaves is a hidden folder named *.part, which the next call replaces.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

from ..errors import ModelError
from ..model.config import CONFIG_FILE, ModelConfig
from ..model.folder_files import read_json
from ..model.hashes import file_sha256
from ..model.language.pretrained import CONFIG, copy_tokenizer
from ..model.published_models import FAMILY, LANGUAGE_FOLDER, READER_FOLDER
from ..model.weights import WEIGHTS_FILE, check_stored, stored
from .assemble import LANGUAGE, assemble, last_projection
from .checkpoint import Checkpoint
from .hub import hub_config
from .language_model import check_language, write_language
from .recognise import recognise
from .weight_names import renamed

_PARTS = {CONFIG_FILE, WEIGHTS_FILE, LANGUAGE_FOLDER, READER_FOLDER}


@dataclasses.dataclass(frozen=True)
class ConversionSources:
    """What is converted. checkpoints: files or transformers folders, later ones replace what earlier ones gave.

    language: the language model's transformers folder; reader: the folder of the Q-Former's tokenizer. Both may be
    missing where a checkpoint is a transformers folder that holds them.
    """

    checkpoints: Sequence[Path]
    language: Path | None = None
    reader: Path | None = None


def convert(sources: ConversionSources, out: Path, member: ModelConfig | None = None) -> ModelConfig:
    """Write the model folder and return its config. member: what the checkpoints are, where that is known.

    ModelError names what is missing, unknown or misshapen; nothing is left then.
    """
    if out.exists():
        raise ModelError(f"{out} exists. Give a folder that does not.")
    checkpoints = [Checkpoint(path) for path in sources.checkpoints]
    config = _usable(member or _member(checkpoints), sources.checkpoints)
    weights = {name: stored(name, value) for name, value in assemble(checkpoints, config).items()}
    check_stored(weights, out)
    part = _draft(out)
    try:
        save_file({name: value.contiguous() for name, value in weights.items()}, part / WEIGHTS_FILE)
        language = dataclasses.replace(config.language, sha256=_language(sources, checkpoints, part / LANGUAGE_FOLDER))
        check_language(part / LANGUAGE_FOLDER, language)
        _reader(sources, config, part / READER_FOLDER)
        config = dataclasses.replace(config, language=language, weights_sha256=file_sha256(part / WEIGHTS_FILE))
        config.write(part)
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)  # after a failure; it may hold many GB
    return config


def _draft(out: Path) -> Path:
    """An empty folder beside `out`; ModelError where one of that name holds something else than a draft."""
    part = out.with_name(f".{out.name}.part")
    if part.exists() and not {entry.name for entry in part.iterdir()} <= _PARTS:
        raise ModelError(f"{part} holds other files. Move them away, or give another folder.")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    return part


def _member(checkpoints: Sequence[Checkpoint]) -> ModelConfig:
    checkpoint = last_projection(checkpoints)
    if checkpoint is None:
        raise ModelError(f"No file holds a projection, by which a model is known. Known: {', '.join(FAMILY)}.")
    if (checkpoint.path / "config.json").is_file():
        return hub_config(checkpoint.path)
    return recognise(checkpoint, checkpoint.trained)


def _usable(config: ModelConfig, files: Sequence[Path]) -> ModelConfig:
    """A config whose sizes come from a file, checked before anything of them is built."""
    return ModelConfig.from_dict(config.to_dict(), f"What {files[0]} says of the model")


class _EmbeddedLanguageModel(Mapping[str, Tensor]):
    """The language model's weights inside a whole model's, under their own names."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        named = ((renamed(name), name) for name in checkpoint)
        self._names = {key.removeprefix(LANGUAGE): name for key, name in named if key.startswith(LANGUAGE)}
        self._checkpoint = checkpoint

    def __getitem__(self, name: str) -> Tensor:
        return self._checkpoint[self._names[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _language(sources: ConversionSources, checkpoints: Sequence[Checkpoint], out: Path) -> str:
    if sources.language:
        return write_language(Checkpoint(sources.language), _config(sources.language), sources.language, out)
    for checkpoint in checkpoints:
        inside = _EmbeddedLanguageModel(checkpoint)
        if inside:
            return write_language(inside, _config(checkpoint.path, "text_config"), checkpoint.path, out)
    raise ModelError("The checkpoint holds no language model. Give its transformers folder with --language.")


def _config(folder: Path, part: str = "") -> dict[str, Any]:
    """The config of a transformers folder's language model; part: where it stands in a whole model's."""
    if not (folder / CONFIG).is_file():
        raise ModelError(f"{folder} is no folder of a language model: it lacks {CONFIG}. Give another.")
    data = read_json(folder, CONFIG)
    described = data.get(part) if part else data
    if not isinstance(described, dict):
        raise ModelError(f"{folder / CONFIG} lacks {part}. Give the language model's folder with --language.")
    return described


def _reader(sources: ConversionSources, config: ModelConfig, out: Path) -> None:
    """The Q-Former's own tokenizer, where it has one."""
    if config.qformer.tokenizer != READER_FOLDER:
        return
    inside = [path / "qformer_tokenizer" for path in sources.checkpoints]
    for folder in [sources.reader, *inside] if sources.reader else inside:
        if folder.is_dir() and copy_tokenizer(folder, out):
            return
    raise ModelError("The Q-Former reads with BERT's tokenizer. Give the folder of bert-base-uncased with --reader.")
