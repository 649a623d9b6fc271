"""Progress of an installation, measured from the output of its installers."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Optional

# pip: "Downloading https://…/torch-2.whl (180.5 MB)"; uv: "Downloading torch (181.3MiB)"
_FILE = re.compile(
    r"(?P<verb>Downloading|Using cached) (?P<name>\S+) \((?P<number>[\d.]+) ?(?P<unit>[kKMG]i?B|bytes)\)"
)
_LOCAL = re.compile(r"Processing (?P<path>.+\.whl)$")
_RAW = re.compile(r"Progress (?P<done>\d+) of (?P<total>\d+)")
_UV_DONE = re.compile(r"Downloaded \S+$")
_UNITS = {"bytes": 1, "kb": 1e3, "kib": 1024, "mb": 1e6, "mib": 1024**2, "gb": 1e9, "gib": 1024**3}
_DOWNLOAD_SHARE = 0.8  # of the whole work; the rest is unpacking
# A download rate is not meaningful before so many seconds and this share of all bytes.
_MIN_SECONDS = 5.0
_MIN_SHARE = 0.01


class DownloadMeter:
    """Adds up the downloaded bytes out of about `total`. Each file counts once."""

    def __init__(self, total: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._total = total
        self._clock = clock
        self._start_time = 0.0
        self._file_names: set[str] = set()
        self._done = 0.0
        self._file_size = 0.0
        self._file_done = 0.0
        self._fetched = 0.0
        self._unpacking = False

    def take(self, line: str) -> bool:
        """Read one line of output. Return False if the line is of no interest to the user."""
        raw = _RAW.search(line)
        if raw:
            self._file_done = min(float(raw["done"]), self._file_size)
            return False
        file, local = _FILE.search(line), _LOCAL.search(line)
        if file:
            size = float(file["number"]) * _UNITS[file["unit"].lower()]
            self._begin_file(file["name"], size, is_fetched=file["verb"] == "Downloading")
        elif local:
            path = Path(local["path"])
            self._begin_file(path.name, path.stat().st_size if path.is_file() else 0, is_fetched=False)
        elif _UV_DONE.search(line):
            self._finish_file()
        self._unpacking = "Installing collected packages" in line
        return True

    @property
    def fraction(self) -> float:
        """The finished share of the whole work, from 0 to 0.99."""
        fetched = min(1.0, (self._done + self._file_done) / self._total)
        return min(0.99, fetched * _DOWNLOAD_SHARE + (0.1 if self._unpacking else 0.0))

    @property
    def seconds_left(self) -> Optional[float]:
        """Estimated remaining download time in seconds, or None if there is no estimate yet."""
        fetched = self._fetched + self._file_done
        elapsed = self._clock() - self._start_time
        if not self._start_time or elapsed < _MIN_SECONDS or fetched < _MIN_SHARE * self._total:
            return None
        return max(0.0, self._total - self._done - self._file_done) * elapsed / fetched

    def _begin_file(self, name: str, size: float, is_fetched: bool) -> None:
        self._finish_file()
        name = name.rpartition("/")[2]
        if name in self._file_names:
            return
        self._file_names.add(name)
        if is_fetched:
            self._file_size = size
            self._start_time = self._start_time or self._clock()
        else:
            self._done += size

    def _finish_file(self) -> None:
        self._done += self._file_size
        self._fetched += self._file_size
        self._file_size = self._file_done = 0.0
