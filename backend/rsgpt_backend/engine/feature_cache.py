"""A cache of encoded pictures: the latest in memory, more in files that later runs reuse.

If a file or the disk fails, the picture counts as not cached.
"""

from __future__ import annotations

import os
import secrets
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import load, save
from torch import Tensor

from ..home import home

_NAME = "features"
_CHECKSUM_BYTES = 4  # at the end of a file, so that truncated or corrupted files are ignored
_SPARE = 0.1  # share of the limit that is freed at once, and that may be written before files are deleted again


class FeatureCache:
    """Features by the hash of their picture; at most `capacity` in memory, least recently used first out."""

    def __init__(self, capacity: int, files: FeatureFiles | None = None) -> None:
        self._capacity, self._files = capacity, files
        self._latest: OrderedDict[str, Tensor] = OrderedDict()

    def get(self, keys: Iterable[str]) -> dict[str, Tensor]:
        """Return the cached features among `keys`; those read from files are on the CPU."""
        cached = {}
        for key in keys:
            value = self._latest.get(key)
            if value is None and self._files is not None:
                value = self._files.get(key)
            if value is not None:
                cached[key] = value
        self._remember(cached)
        return cached

    def put(self, features: Mapping[str, Tensor]) -> None:
        """Store encoded pictures, [cells, width] each."""
        self._remember(features)
        if self._files is not None:
            for key, value in features.items():
                self._files.put(key, value)

    def _remember(self, features: Mapping[str, Tensor]) -> None:
        for key, value in features.items():
            self._latest[key] = value
            self._latest.move_to_end(key)
        while len(self._latest) > self._capacity:
            self._latest.popitem(last=False)


@dataclass(frozen=True, order=True)
class _File:
    used_ns: int
    size: int
    path: Path


class FeatureFiles:
    """A folder with one file per picture, at most `limit` bytes in all; least recently used files are deleted first.

    Several processes may share the folder; each may exceed the limit by a tenth. Files are written atomically.
    """

    def __init__(self, folder: Path, encoder: str, limit: int) -> None:
        """encoder: fingerprint of the encoder, part of file names. Files of all encoders count towards the limit."""
        self._folder, self._encoder, self._limit = folder, encoder, limit
        self._spare = 0.0  # bytes that may be written before files are deleted

    def get(self, key: str) -> Tensor | None:
        """Return the stored features, bit for bit; None if the file is missing or damaged."""
        path = self._path(key)
        try:
            value = _from_bytes(path.read_bytes())
        except OSError:
            return None
        with suppress(OSError):  # a read-only folder can still be read
            os.utime(path)
        return value

    def put(self, key: str, value: Tensor) -> None:
        """Write features to a file; do nothing if that fails."""
        path, data = self._path(key), _to_bytes(value)
        part = path.with_suffix(f".{secrets.token_hex(4)}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part.write_bytes(data)
            part.replace(path)
        except OSError:
            with suppress(OSError):
                part.unlink()
            return
        self._spare -= len(data)
        if self._spare < 0:
            self._delete_oldest()

    def _path(self, key: str) -> Path:
        return self._folder / f"{self._encoder}-{key}.features"

    def _delete_oldest(self) -> None:
        self._spare = _SPARE * self._limit
        files = sorted(_files(self._folder))
        excess = sum(file.size for file in files) - (self._limit - self._spare)
        for file in files:
            if excess <= 0:
                return
            with suppress(OSError):  # another process may have deleted it
                file.path.unlink()
            excess -= file.size


def features_folder() -> Path:
    """Return the folder of the feature files."""
    return home() / "cache" / "features"


def _files(folder: Path) -> Iterator[_File]:
    """Yield all files of a folder, including partial files of processes that were killed."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                status = entry.stat()
                yield _File(status.st_mtime_ns, status.st_size, Path(entry.path))


def _to_bytes(value: Tensor) -> bytes:
    body = save({_NAME: value.cpu().contiguous()})
    return body + zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "big")


def _from_bytes(data: bytes) -> Tensor | None:
    body, checksum = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
    return load(body)[_NAME] if zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "big") == checksum else None
