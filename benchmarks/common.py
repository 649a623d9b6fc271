"""Helpers of the benchmarks: run a command, measure time, and print a table row by row."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

Row = tuple[str, str, str]  # name, measured value, target
T = TypeVar("T")


def run(*command: str | Path, **environment: str) -> str:
    """Run a command and return its stdout. If it fails, exit with the end of its output."""
    process = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    if process.returncode:
        raise SystemExit(process.stdout[-2000:] + process.stderr[-2000:])
    return process.stdout


def timed(work: Callable[[], T], clock: Callable[[], float] = time.perf_counter) -> tuple[float, T]:
    """Return the seconds that `work` takes by a clock, and its result."""
    started = clock()
    result = work()
    return clock() - started, result


def print_table(*parts: Iterable[Row]) -> None:
    """Print one table of all parts, each row as soon as it is measured."""
    sys.stdout.write("| what | measured | target |\n|---|---|---|\n")
    for rows in parts:
        for row in rows:
            sys.stdout.write(f"| {' | '.join(row)} |\n")
            sys.stdout.flush()
