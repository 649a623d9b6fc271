"""How far an installation is, from what its installers print. Runs nothing."""

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
_FETCHING = 0.8  # the share of the whole that fetching takes; unpacking has the rest
_LEAST_S = 5.0  # of fetching, before a rate means something
_LEAST_SHARE = 0.01  # of the whole, fetched


class DownloadMeter:
    """Adds up what is fetched of about `total` bytes; each file counts once."""

    def __init__(self, total: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._total = total
        self._clock = clock
        self._begun = 0.0
        self._seen: set[str] = set()
        self._done = 0.0
        self._now = 0.0
        self._inside = 0.0
        self._fetched = 0.0
        self._unpacking = False

    def take(self, line: str) -> bool:
        """Read one printed line; False for one that is of no interest to a person."""
        raw = _RAW.search(line)
        if raw:
            self._inside = min(float(raw["done"]), self._now)
            return False
        found, local = _FILE.search(line), _LOCAL.search(line)
        if found:
            size = float(found["number"]) * _UNITS[found["unit"].lower()]
            self._begin_file(found["name"], size, is_fetched=found["verb"] == "Downloading")
        elif local:
            path = Path(local["path"])
            self._begin_file(path.name, path.stat().st_size if path.is_file() else 0, is_fetched=False)
        elif _UV_DONE.search(line):
            self._finish_file()
        self._unpacking = "Installing collected packages" in line
        return True

    @property
    def fraction(self) -> float:
        """Of the whole work, 0 to below 1."""
        fetched = min(1.0, (self._done + self._inside) / self._total)
        return min(0.99, fetched * _FETCHING + (0.1 if self._unpacking else 0.0))

    @property
    def seconds_left(self) -> Optional[float]:
        """About how long fetching still takes; None where nobody can tell yet."""
        fetched = self._fetched + self._inside
        elapsed = self._clock() - self._begun
        if not self._begun or elapsed < _LEAST_S or fetched < _LEAST_SHARE * self._total:
            return None
        return max(0.0, self._total - self._done - self._inside) * elapsed / fetched

    def _begin_file(self, name: str, size: float, is_fetched: bool) -> None:
        self._finish_file()
        name = name.rpartition("/")[2]
        if name in self._seen:
            return
        self._seen.add(name)
        if is_fetched:
            self._now = size
            self._begun = self._begun or self._clock()
        else:
            self._done += size

    def _finish_file(self) -> None:
        self._done += self._now
        self._fetched += self._now
        self._now = self._inside = 0.0
