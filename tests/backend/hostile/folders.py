"""Changes that damage a working model folder or make it hostile, one at a time.

The cases are in model_folders.py and language_folders.py.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from rsgpt_backend.model.hashes import file_sha256, joint_sha256
from tests.backend.toy import make_folder

MODEL, WEIGHTS, LANGUAGE = "model.json", "model.safetensors", "language"
ESC = "\x1b[31m\x07\x00\x9b31m\u202e"
DEEP = '{"a":' * 100_000

Spoil = Callable[[Path], None]


@dataclass(frozen=True)
class HostileCase:
    """spoil: changes the folder; says: regular expression that the error message matches."""

    name: str
    spoil: Spoil
    says: str


def make_good(folder: Path) -> Path:
    """Make a valid model folder that contains its language model, with the hashes of all weights."""
    make_folder(folder)
    edit(folder / MODEL, {"language.source": LANGUAGE})
    rehash(folder)
    return folder


def edit(file: Path, changes: dict[str, Any]) -> None:
    """Change values by dotted path."""
    data = json.loads(file.read_text("utf-8"))
    for path, value in changes.items():
        *parents, last = path.split(".")
        owner = data
        for parent in parents:
            owner = owner.setdefault(parent, {})
        owner[last] = value
    file.write_text(json.dumps(data), encoding="utf-8")


def rehash(folder: Path) -> None:
    """Record the current hashes of the files, as an attacker would."""
    language = joint_sha256(sorted((folder / LANGUAGE).glob("*.safetensors")))
    edit(folder / MODEL, {"weights_sha256": file_sha256(folder / WEIGHTS), "language.sha256": language})


def written(name: str, file: str, content: str | bytes, says: str) -> HostileCase:
    def spoil(folder: Path) -> None:
        (folder / file).write_bytes(content.encode() if isinstance(content, str) else content)

    return HostileCase(name, spoil, says)


def outside(folder: Path) -> Path:
    """Return the valid folder next to this one, from which nothing may be read."""
    return folder.parent / "outside"


def absolute(sha256: str) -> Spoil:
    def spoil(folder: Path) -> None:
        source = str(outside(folder) / LANGUAGE)
        edit(folder / MODEL, {"language.source": source, "language.sha256": sha256})

    return spoil


def link_out(name: str) -> Spoil:
    """Replace a file or folder by a link to its counterpart outside."""

    def spoil(folder: Path) -> None:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        path.symlink_to(outside(folder) / name)

    return spoil


def link_to(target: str, name: str) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).symlink_to(target)

    return spoil


def pipe(name: str) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return spoil


def a_folder(name: str) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return spoil


def halved(name: str, hashed: bool) -> Spoil:
    def spoil(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])
        if hashed:
            rehash(folder)

    return spoil


def flipped(name: str) -> Spoil:
    def spoil(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[-1] ^= 1
        (folder / name).write_bytes(content)

    return spoil


def changed(name: str, change: Callable[[dict[str, Tensor]], Any]) -> Spoil:
    """Change weights and record their hash."""

    def spoil(folder: Path) -> None:
        weights = load_file(folder / name)
        change(weights)
        save_file(weights, folder / name, {"format": "pt"})
        rehash(folder)

    return spoil


def pickled(folder: Path) -> None:
    language = folder / LANGUAGE
    torch.save(load_file(language / WEIGHTS), language / "pytorch_model.bin")
    (language / WEIGHTS).unlink()
