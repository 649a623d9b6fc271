"""`rsgpt train` in processes of its own, alone or under torchrun; and what ends them all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[3]


def begin(recipe: Path, data: Path, out: Path, processes: int) -> subprocess.Popen[str]:
    """Start a run, with a port of its own where it has several processes."""
    module = ["-m", "rsgpt_backend", "train", str(recipe), "--data", str(data), "--out", str(out)]
    several = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    return subprocess.Popen(
        [sys.executable, *(several if processes > 1 else []), *module],
        env={**os.environ, "PYTHONPATH": str(ROOT / "backend"), "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )


def train(recipe: Path, data: Path, out: Path, processes: int) -> str:
    """A run to its end; what it says meanwhile."""
    running = begin(recipe, data, out, processes)
    _, told = running.communicate()
    assert running.returncode == 0, told[-2000:]
    return told


def kill(running: subprocess.Popen[str]) -> None:
    """torchrun and its processes, each of which has a session of its own."""
    everyone = psutil.Process(running.pid).children(recursive=True)
    running.kill()
    for process in everyone:
        process.kill()
    psutil.wait_procs(everyone)
    running.communicate()
