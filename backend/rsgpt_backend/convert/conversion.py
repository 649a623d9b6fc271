"""Convert checkpoints to a model folder: config, weights of encoder and bridge, language model, tokenizers.

A killed conversion leaves a hidden folder named *.part, which the next conversion replaces.
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
from ..model.language.pretrained import TRANSFORMERS_CONFIG, copy_tokenizer
from ..model.published_models import FAMILY, LANGUAGE_FOLDER, READER_FOLDER
from ..model.weights import WEIGHTS_FILE, check_stored, to_stored
from .assemble import LANGUAGE, assemble, last_projection
from .checkpoint import Checkpoint
from .hub import hub_config
from .language_model import check_language, write_language
from .recognise import recognize_member
from .weight_names import renamed

_PARTS = {CONFIG_FILE, WEIGHTS_FILE, LANGUAGE_FOLDER, READER_FOLDER}


@dataclasses.dataclass(frozen=True)
class ConversionSources:
    """The files to convert.

    checkpoints: files or transformers folders; tensors of later ones replace those of earlier ones;
    language: the language model's transformers folder; reader: the folder of the Q-Former's tokenizer. Both are
    optional if a checkpoint is a transformers folder that contains them.
    """

    checkpoints: Sequence[Path]
    language: Path | None = None
    reader: Path | None = None


def convert(sources: ConversionSources, out: Path, member: ModelConfig | None = None) -> ModelConfig:
    """Write the model folder `out` and return its config. member: config of the model; None to recognize it.

    Raises ModelError, and leaves no folder behind, if weights are missing, unknown or of the wrong shape.
    """
    if out.exists():
        raise ModelError(f"{out} exists. Choose a new folder.")
    checkpoints = [Checkpoint(path) for path in sources.checkpoints]
    config = _validated(member or _recognized(checkpoints), sources.checkpoints)
    weights = {name: to_stored(name, value) for name, value in assemble(checkpoints, config).items()}
    check_stored(weights, out)
    part = _make_part_folder(out)
    try:
        save_file({name: value.contiguous() for name, value in weights.items()}, part / WEIGHTS_FILE)
        sha256 = _write_language(sources, checkpoints, part / LANGUAGE_FOLDER)
        language = dataclasses.replace(config.language, sha256=sha256)
        check_language(part / LANGUAGE_FOLDER, language)
        _copy_reader(sources, config, part / READER_FOLDER)
        config = dataclasses.replace(config, language=language, weights_sha256=file_sha256(part / WEIGHTS_FILE))
        config.write(part)
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)  # after a failure; it may contain many GB
    return config


def _make_part_folder(out: Path) -> Path:
    """Raise ModelError if the folder exists and contains unrelated files."""
    part = out.with_name(f".{out.name}.part")
    if part.exists() and not {entry.name for entry in part.iterdir()} <= _PARTS:
        raise ModelError(f"{part} contains other files. Move them away, or choose another folder.")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    return part


def _recognized(checkpoints: Sequence[Checkpoint]) -> ModelConfig:
    checkpoint = last_projection(checkpoints)
    if checkpoint is None:
        raise ModelError(
            f"No file contains a projection, which identifies the model. Supported models: {', '.join(FAMILY)}."
        )
    if (checkpoint.path / "config.json").is_file():
        return hub_config(checkpoint.path)
    return recognize_member(checkpoint, checkpoint.trained)


def _validated(config: ModelConfig, files: Sequence[Path]) -> ModelConfig:
    return ModelConfig.from_dict(config.to_dict(), f"The model description in {files[0]}")


class _EmbeddedLanguageModel(Mapping[str, Tensor]):
    """The language model's weights in a complete model, by their own names."""

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


def _write_language(sources: ConversionSources, checkpoints: Sequence[Checkpoint], out: Path) -> str:
    if sources.language:
        return write_language(Checkpoint(sources.language), _language_config(sources.language), sources.language, out)
    for checkpoint in checkpoints:
        embedded = _EmbeddedLanguageModel(checkpoint)
        if embedded:
            return write_language(embedded, _language_config(checkpoint.path, "text_config"), checkpoint.path, out)
    raise ModelError(
        "The checkpoint contains no language model. Give the language model's transformers folder with --language."
    )


def _language_config(folder: Path, key: str = "") -> dict[str, Any]:
    """key: of the language model in a complete model's config."""
    if not (folder / TRANSFORMERS_CONFIG).is_file():
        raise ModelError(
            f"{folder} is not a language model folder: {TRANSFORMERS_CONFIG} is missing. Choose another folder."
        )
    data = read_json(folder, TRANSFORMERS_CONFIG)
    config = data.get(key) if key else data
    if not isinstance(config, dict):
        raise ModelError(
            f"{folder / TRANSFORMERS_CONFIG} lacks {key}. Give the language model's folder with --language."
        )
    return config


def _copy_reader(sources: ConversionSources, config: ModelConfig, out: Path) -> None:
    if config.qformer.tokenizer != READER_FOLDER:
        return
    candidates = [path / "qformer_tokenizer" for path in sources.checkpoints]
    for folder in [sources.reader, *candidates] if sources.reader else candidates:
        if folder.is_dir() and copy_tokenizer(folder, out):
            return
    raise ModelError("The Q-Former needs BERT's tokenizer. Give the folder of bert-base-uncased with --reader.")
