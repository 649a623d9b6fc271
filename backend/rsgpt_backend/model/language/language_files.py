"""The files of a frozen language model: where they are, and whether they are those that the model was made with.

A GGUF inside a package is unpacked once into the cache as safetensors, because unpacking takes longer than answering.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from ...errors import ModelError
from ...home import home
from ...strict_json import json_text
from ..config import PACKAGE, LanguageConfig
from ..folder_files import exists, inside, plain_file, plain_files, read_json
from ..hashes import file_sha256, joint_sha256, remembered_sha256
from ..packages import packaged_file

INDEX, WHOLE = "model.safetensors.index.json", "model.safetensors"
_UNPACKED = "unpacked.json"  # in the folder of an unpacked GGUF: the hash of its weights


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


def check_language(config: LanguageConfig, folder: Path) -> None:
    """ModelError where the weights are not those whose hash is recorded. A GGUF is compared when it is unpacked."""
    if not config.sha256 or config.source.startswith(PACKAGE):
        return
    weight_files(folder)
    if _weights_sha256(folder) != config.sha256:
        raise ModelError(
            f"The weights in {folder} are damaged, or not those that the model was made with: their hash is not the "
            "one in its model.json. Get them again."
        )


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files that hold the weights, as transformers chooses them. ModelError: one is not there."""
    if exists(folder / WHOLE):
        return [plain_file(folder, WHOLE)]
    if not exists(folder / INDEX):
        raise ModelError(
            f"{folder} holds no language model that can be read: it lacks {WHOLE}. Install the model again."
        )
    listed = read_json(folder, INDEX).get("weight_map")
    if not isinstance(listed, dict) or not all(isinstance(name, str) for name in listed.values()):
        raise ModelError(f"{folder / INDEX} does not say where the weights are. Install the model again.")
    return [plain_file(folder, name) for name in sorted(set(listed.values()))]


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
    import torch  # noqa: PLC0415 - only the first use of a language model waits for it here
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
