"""Search for a Python that can run the backend. Uses only the standard library."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

from .child_process import run_quick

OLDEST = (3, 11)
NEWEST = (3, 14)
_PROBE = "import sys, venv, ensurepip; print(*sys.version_info[:2], sys.executable, sep='\\n')"
_PROBE_S = 20.0


def find_python() -> Optional[Path]:
    """Return the first interpreter of a supported version that can create environments, or None."""
    for candidate in _candidates():
        python = probe(candidate)
        if python is not None:
            return python
    return None


def probe(candidate: Path) -> Optional[Path]:
    """Return the interpreter behind `candidate`, or None if it is broken, has an unsupported version or no venv."""
    answer = (run_quick([str(candidate), "-c", _PROBE], _PROBE_S) or "").splitlines()
    if len(answer) != 3 or not all(number.isdigit() for number in answer[:2]):
        return None
    major, minor, executable = answer
    fits = OLDEST <= (int(major), int(minor)) <= NEWEST
    return Path(executable) if fits else None


def _candidates() -> Iterator[Path]:
    own = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if os.name == "nt":
        yield Path(sys.exec_prefix) / "python.exe"
    else:
        yield Path(sys.base_prefix) / "bin" / own
    minors = range(min(13, NEWEST[1]), OLDEST[1] - 1, -1)
    for name in (own, *(f"python3.{minor}" for minor in minors), "python3", "python"):
        program = shutil.which(name)
        if program:
            yield Path(program)
