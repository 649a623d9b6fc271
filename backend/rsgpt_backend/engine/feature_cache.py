"""Features of pictures, so that none is encoded twice: the latest in memory, more in files, from one run to the next.

It knows no pictures and no models. Where a file or the disk fails, a picture counts as not seen before: no more.
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
_SEAL = 4  # bytes of a checksum at the end of a file: what a crash or the years have changed is not taken for features
_SPARE = 0.1  # share of the room that is free when room was made, and that is written before room is made again


class FeatureCache:
    """By the hash of their picture, at most `most` of them in memory: those that were asked longest ago go first."""

    def __init__(self, most: int, files: FeatureFiles | None = None) -> None:
        self._most, self._files = most, files
        self._latest: OrderedDict[str, Tensor] = OrderedDict()

    def get(self, keys: Iterable[str]) -> dict[str, Tensor]:
        """Those of `keys` that are known; what comes from a file lies in the processor's own memory."""
        found = {}
        for key in keys:
            value = self._latest.get(key)
            if value is None and self._files is not None:
                value = self._files.get(key)
            if value is not None:
                found[key] = value
        self._remember(found)
        return found

    def put(self, made: Mapping[str, Tensor]) -> None:
        """Keep what was encoded, [cells, width] for each."""
        self._remember(made)
        if self._files is not None:
            for key, value in made.items():
                self._files.put(key, value)

    def _remember(self, some: Mapping[str, Tensor]) -> None:
        for key, value in some.items():
            self._latest[key] = value
            self._latest.move_to_end(key)
        while len(self._latest) > self._most:
            self._latest.popitem(last=False)


@dataclass(frozen=True, order=True)
class _File:
    used_ns: int
    size: int
    path: Path


class FeatureFiles:
    """A folder with a file a picture, at most `limit` bytes: those used longest ago go first.

    Any number of processes may share it, each of which may go beyond the limit by a tenth of it. A file is there whole
    or not at all, whenever a process is killed.
    """

    def __init__(self, folder: Path, maker: str, limit: int) -> None:
        """maker: names what decides a picture's features, fit for a file's name; other makers' files count, too."""
        self._folder, self._maker, self._limit = folder, maker, limit
        self._spare = 0.0  # bytes that may be written before room is made

    def get(self, key: str) -> Tensor | None:
        """What was put under a key, to the last bit; None where it is not there or not what it was."""
        path = self._path(key)
        try:
            value = _opened(path.read_bytes())
        except OSError:
            return None
        with suppress(OSError):  # where nothing may be written, reading is worth it all the same
            os.utime(path)
        return value

    def put(self, key: str, value: Tensor) -> None:
        """Keep it, if the disk can."""
        path, data = self._path(key), _sealed(value)
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
            self._make_room()

    def _path(self, key: str) -> Path:
        return self._folder / f"{self._maker}-{key}.features"

    def _make_room(self) -> None:
        self._spare = _SPARE * self._limit
        files = sorted(_files(self._folder))
        excess = sum(file.size for file in files) - (self._limit - self._spare)
        for file in files:
            if excess <= 0:
                return
            with suppress(OSError):  # another process may have made room at the same time
                file.path.unlink()
            excess -= file.size


def features_folder() -> Path:
    """Where features are kept from one run to the next."""
    return home() / "cache" / "features"


def _files(folder: Path) -> Iterator[_File]:
    """What lies in it, with what a killed process has left."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                status = entry.stat()
                yield _File(status.st_mtime_ns, status.st_size, Path(entry.path))


def _sealed(value: Tensor) -> bytes:
    body = save({_NAME: value.cpu().contiguous()})
    return body + zlib.crc32(body).to_bytes(_SEAL, "big")


def _opened(data: bytes) -> Tensor | None:
    body, seal = data[:-_SEAL], data[-_SEAL:]
    return load(body)[_NAME] if zlib.crc32(body).to_bytes(_SEAL, "big") == seal else None
