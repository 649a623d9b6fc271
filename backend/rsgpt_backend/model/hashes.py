"""SHA-256 hashes of weight files, with a cache that is keyed by size and modification time."""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..strict_json import json_text, parse_json

_SETTLED = 2.0  # seconds; a file that changed more recently may change again within the clock's resolution


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def joint_sha256(files: list[Path]) -> str:
    """Return one hash of several files: the hash of their concatenated hashes."""
    return hashlib.sha256("".join(map(file_sha256, files)).encode()).hexdigest()


def remembered_sha256(files: list[Path], folder: Path) -> str:
    """Return joint_sha256; read the files only if one of them has changed since the last call.

    folder: the folder of the cache. It must not be inside a model folder, which could bring forged hashes.
    """
    paths = [str(file.resolve()) for file in files]
    states = [[path, *_state(file)] for path, file in zip(paths, files, strict=True)]
    cache = folder / f"{hashlib.sha256(json_text(paths).encode()).hexdigest()[:32]}.json"
    entry = _read(cache)
    if isinstance(entry, dict) and entry.get("files") == states and isinstance(entry.get("sha256"), str):
        return str(entry["sha256"])
    sha256 = joint_sha256(files)
    if all(time.time() - file.stat().st_mtime > _SETTLED for file in files):
        _write(cache, json_text({"files": states, "sha256": sha256}))
    return sha256


def _state(file: Path) -> tuple[int, int, int]:
    state = file.stat()
    return state.st_size, state.st_mtime_ns, state.st_ino


def _read(cache: Path) -> Any:
    try:
        return parse_json(cache.read_bytes())
    except (OSError, ValueError):
        return None


def _write(cache: Path, text: str) -> None:
    """Write a cache entry; if that fails, the files are hashed again the next time."""
    part = cache.with_name(f"{cache.name}.{os.getpid()}")
    with suppress(OSError):
        cache.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.replace(cache)
