"""The files of a frozen language model: their folder, and verification of their hashes.

A GGUF in a package is unpacked to safetensors in the cache once, because unpacking takes longer than answering.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from ...errors import ModelError
from ...home import home
from ...strict_json import json_text
from ..config import PACKAGE_PREFIX, LanguageConfig
from ..folder_files import exists, path_inside, read_json, regular_file, regular_files
from ..hashes import file_sha256, joint_sha256, remembered_sha256
from ..packages import packaged_file

INDEX, SINGLE_FILE = "model.safetensors.index.json", "model.safetensors"
_UNPACKED = "unpacked.json"  # holds the hash of the weights in the folder of an unpacked GGUF


def language_folder(config: LanguageConfig, base: Path | None = None) -> Path:
    """Return the transformers folder of a language model; unpack its GGUF if that has not been done.

    base: the model folder, to which a relative source refers; None for a recipe, whose paths are trusted. An absolute
    source, which training writes, requires a recorded hash, so that only the original weights are read.
    """
    if config.source.startswith(PACKAGE_PREFIX):
        return _unpacked(packaged_file(config.source.removeprefix(PACKAGE_PREFIX)), config.sha256)
    if base is None:
        return Path(config.source)
    if not Path(config.source).is_absolute():
        return path_inside(base, config.source)
    if not config.sha256:
        raise ModelError(
            f"{base / 'model.json'} names a language model outside its folder, {config.source}, without its hash. "
            "Copy it into the folder and set source to its name there, or set sha256 to its hash."
        )
    return Path(config.source)


def language_sha256(config: LanguageConfig, base: Path | None = None) -> str:
    """Return the hash of a language model as its config records it: of the GGUF, or of all safetensors files."""
    if config.source.startswith(PACKAGE_PREFIX):
        return file_sha256(packaged_file(config.source.removeprefix(PACKAGE_PREFIX)))
    return joint_sha256(regular_files(language_folder(config, base), ".safetensors"))


def check_language(config: LanguageConfig, folder: Path) -> None:
    """Raise ModelError if the weights do not match the recorded hash. A GGUF is verified when it is unpacked."""
    if not config.sha256 or config.source.startswith(PACKAGE_PREFIX):
        return
    weight_files(folder)
    if _weights_sha256(folder) != config.sha256:
        raise ModelError(
            f"The weights in {folder} are damaged or belong to another model: their hash differs from the one in "
            "model.json. Get the weights again."
        )


def weight_files(folder: Path) -> list[Path]:
    """Return the safetensors files that transformers would read. Raises ModelError if one is missing."""
    if exists(folder / SINGLE_FILE):
        return [regular_file(folder, SINGLE_FILE)]
    if not exists(folder / INDEX):
        raise ModelError(f"{folder} has no readable language model: {SINGLE_FILE} is missing. Install the model again.")
    weight_map = read_json(folder, INDEX).get("weight_map")
    if not isinstance(weight_map, dict) or not all(isinstance(name, str) for name in weight_map.values()):
        raise ModelError(f"{folder / INDEX} does not list the files of the weights. Install the model again.")
    return [regular_file(folder, name) for name in sorted(set(weight_map.values()))]


def _weights_sha256(folder: Path) -> str:
    return remembered_sha256(regular_files(folder, ".safetensors"), home() / "language" / "hashes")


def _unpacked(gguf: Path, sha256: str) -> Path:
    """Return the folder of an unpacked GGUF; unpack it if the folder is missing or damaged."""
    folder = home() / "language" / f"{gguf.stem}-{sha256[:12]}"
    if not _is_intact(folder):
        _unpack(gguf, sha256, folder)
    return folder


def _is_intact(folder: Path) -> bool:
    try:
        return read_json(folder, _UNPACKED).get("weights_sha256") == _weights_sha256(folder)
    except ModelError:
        return False


def _unpack(gguf: Path, sha256: str, folder: Path) -> None:
    """Write a GGUF as a transformers folder in bfloat16. The folder gets its name when it is complete."""
    if file_sha256(gguf) != sha256:
        raise ModelError(f"{gguf.name} is not the file that the model was trained with. Repair the environment.")
    import torch  # noqa: PLC0415 - slow, and needed for the first use of a language model only
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig  # noqa: PLC0415
    from transformers.utils import logging as transformers_logging  # noqa: PLC0415

    part = folder.with_name(f"{folder.name}.{os.getpid()}")
    shutil.rmtree(part, ignore_errors=True)
    transformers_logging.disable_progress_bar()
    source = {"pretrained_model_name_or_path": gguf.parent, "gguf_file": gguf.name, "local_files_only": True}
    AutoTokenizer.from_pretrained(**source).save_pretrained(part)  # nosec B615 - a file of a pinned package
    model = AutoModelForCausalLM.from_pretrained(  # nosec B615 - the same
        **source, dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True)
    )
    model.save_pretrained(part)
    note = {"weights_sha256": joint_sha256(regular_files(part, ".safetensors"))}
    (part / _UNPACKED).write_text(json_text(note), encoding="utf-8")
    _publish(part, folder)


def _publish(part: Path, folder: Path) -> None:
    """If another process was faster, keep its identical copy."""
    damaged = part.with_name(f"{part.name}.damaged")
    if not _is_intact(folder):
        with suppress(OSError):  # the folder does not exist, or another process moves it
            folder.rename(damaged)
    with suppress(OSError):
        part.rename(folder)
    for leftover in (part, damaged):
        shutil.rmtree(leftover, ignore_errors=True)
