"""Helpers that run `rsgpt train` in new processes, with or without torchrun, and kill them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[3]


def begin(recipe: Path, data: Path, out: Path, processes: int) -> subprocess.Popen[str]:
    """Start a run; several processes get a free port."""
    module = ["-m", "rsgpt_backend", "train", str(recipe), "--data", str(data), "--out", str(out)]
    several = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    return subprocess.Popen(
        [sys.executable, *(several if processes > 1 else []), *module],
        env={**os.environ, "PYTHONPATH": str(ROOT / "backend"), "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )


def train(recipe: Path, data: Path, out: Path, processes: int) -> str:
    """Run to the end and return the output."""
    running = begin(recipe, data, out, processes)
    _, output = running.communicate()
    assert running.returncode == 0, output[-2000:]
    return output


def kill(running: subprocess.Popen[str]) -> None:
    """Kill torchrun and its processes, each of which has its own session."""
    everyone = psutil.Process(running.pid).children(recursive=True)
    running.kill()
    for process in everyone:
        process.kill()
    psutil.wait_procs(everyone)
    running.communicate()
