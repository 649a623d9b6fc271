"""Installs pinned packages into one environment and picks torch's CPU or CUDA build. Names no package index."""

from __future__ import annotations

import json
import shutil
import subprocess  # nosec B404 - asking the driver for its GPUs takes a process
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..errors import SetupError
from . import child
from .install_errors import advice

_UV = "uv==0.13.9"
_CUDA_PREFIXES = ("nvidia", "cuda", "triton")
_TOLD = ("Downloading ", "Downloaded ", "Processing ")


class Installer:
    """Runs pip in an environment whose interpreter is `python`. Working folder and child environment are given."""

    def __init__(
        self,
        python: Path,
        folder: Path,
        environment: Mapping[str, str],
        say: Callable[[str], None],
        is_cancelled: Callable[[], bool],
    ) -> None:
        self._python = python
        self._folder = folder
        self._environment = environment
        self._say = say
        self._is_cancelled = is_cancelled

    def install_torch(self, lock: Path) -> None:
        """Install the locked torch, in the build that fits this machine, with what that build needs."""
        pin = _pin(lock, "torch")
        wants_cuda = has_gpu()
        self._say(f"{pin}: looking for the {'CUDA' if wants_cuda else 'CPU'} build")
        if self._brings_cuda(pin, lock) != wants_cuda and self._install_build(pin, lock, wants_cuda):
            return
        self._pip("install", pin, "--constraint", str(lock))

    def install_lock(self, lock: Path) -> None:
        """Install exactly what `lock` lists."""
        self._say(f"Installing what {lock.name} lists")
        self._pip("install", "--no-deps", "--requirement", str(lock))

    def _brings_cuda(self, pin: str, lock: Path) -> bool:
        """Whether the index's default build of torch comes with CUDA libraries, found out without fetching them."""
        with tempfile.TemporaryDirectory(dir=self._folder) as scratch:
            report = Path(scratch) / "report.json"
            self._pip("install", "--dry-run", "--report", str(report), pin, "--constraint", str(lock), quiet=True)
            planned = json.loads(report.read_text("utf-8"))["install"]
        return any(item["metadata"]["name"].lower().startswith(_CUDA_PREFIXES) for item in planned)

    def _install_build(self, pin: str, lock: Path, wants_cuda: bool) -> bool:
        """Let uv, which knows where torch's builds are, install the fitting one; False where it cannot."""
        self._pip("install", _UV)
        backend = "auto" if wants_cuda else "cpu"
        uv = [str(self._python), "-m", "uv", "pip", "install", "--python", str(self._python)]
        status, lines = self._run([*uv, "--torch-backend", backend, pin, "--constraint", str(lock)])
        if status:
            self._say(f"That build cannot be had here, taking the default one. {advice(lines)}")
        return status == 0

    def _pip(self, *arguments: str, quiet: bool = False) -> None:
        options = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
        status, lines = self._run([str(self._python), "-m", "pip", *arguments, *options], quiet)
        if status:
            raise SetupError(advice(lines))

    def _run(self, command: Sequence[str], quiet: bool = False) -> tuple[int, list[str]]:
        return child.run(
            command,
            self._folder,
            environment=self._environment,
            say=(lambda line: None) if quiet else self._tell,
            is_cancelled=self._is_cancelled,
        )

    def _tell(self, line: str) -> None:
        line = line.strip()
        if line.startswith("Installing collected packages:"):
            self._say(f"Unpacking {line.count(',') + 1} packages")
        elif line.startswith(_TOLD):
            verb, what = line.split(maxsplit=1)
            self._say(f"{verb} {what.rpartition('/')[2]}")


def has_gpu() -> bool:
    """Whether NVIDIA's driver lists a GPU."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return False
    try:
        listed = subprocess.run(  # nosec B603 - the driver's own tool, no shell
            [tool, "-L"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return listed.returncode == 0 and "GPU" in listed.stdout


def _pin(lock: Path, package: str) -> str:
    for line in lock.read_text("utf-8").splitlines():
        if line.startswith(f"{package}=="):
            return line.strip()
    raise SetupError(f"{lock.name} does not list {package}. Install the plugin again.")
