"""What benchmarks share: a command that has to succeed, the seconds that work takes, a table told row by row."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

Row = tuple[str, str, str]  # what, measured, target
T = TypeVar("T")


def run(*command: str | Path, **environment: str) -> str:
    """What a command prints; where it fails, the end of what it said ends this process, too."""
    ended = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(ended.stdout[-2000:] + ended.stderr[-2000:])
    return ended.stdout


def timed(work: Callable[[], T], clock: Callable[[], float] = time.perf_counter) -> tuple[float, T]:
    """Seconds by a clock, and what came of it."""
    began = clock()
    result = work()
    return clock() - began, result


def tell(*parts: Iterable[Row]) -> None:
    """Print one table of all parts, each row as soon as it is known."""
    sys.stdout.write("| what | measured | aimed at |\n|---|---|---|\n")
    for rows in parts:
        for row in rows:
            sys.stdout.write(f"| {' | '.join(row)} |\n")
            sys.stdout.flush()
