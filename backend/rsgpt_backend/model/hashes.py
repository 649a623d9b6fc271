"""Hashes of weights on disk. A large file is read once, and then remembered by its size and the time of its change."""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..strict_json import json_text, parse_json

_SETTLED = 2.0  # seconds; a file that was changed later may be changed again within the clock's resolution


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def joint_sha256(files: list[Path]) -> str:
    """One hash of several files: of their hashes in order."""
    return hashlib.sha256("".join(map(file_sha256, files)).encode()).hexdigest()


def remembered_sha256(files: list[Path], folder: Path) -> str:
    """The same, read from the files only when one of them is new or was changed since it was last asked for.

    folder: where hashes are remembered. It must not lie in a model folder, which could bring its own.
    """
    paths = [str(file.resolve()) for file in files]
    seen = [[path, *_state(file)] for path, file in zip(paths, files, strict=True)]
    note = folder / f"{hashlib.sha256(json_text(paths).encode()).hexdigest()[:32]}.json"
    known = _read(note)
    if isinstance(known, dict) and known.get("files") == seen and isinstance(known.get("sha256"), str):
        return str(known["sha256"])
    sha256 = joint_sha256(files)
    if all(time.time() - file.stat().st_mtime > _SETTLED for file in files):
        _write(note, json_text({"files": seen, "sha256": sha256}))
    return sha256


def _state(file: Path) -> tuple[int, int, int]:
    state = file.stat()
    return state.st_size, state.st_mtime_ns, state.st_ino


def _read(note: Path) -> Any:
    try:
        return parse_json(note.read_bytes())
    except (OSError, ValueError):
        return None


def _write(note: Path, text: str) -> None:
    """Where it cannot be written, the files are read again the next time."""
    part = note.with_name(f"{note.name}.{os.getpid()}")
    with suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.replace(note)
