"""Install pinned packages into an environment, with the CPU or CUDA build of torch."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from pathlib import Path

from ...errors import SetupError
from ...shared.i18n import translate
from . import child_process
from .install_errors import advice, install_error

_DRIVER_TIMEOUT_S = 20.0
_UV = "uv==0.13.9"
_CUDA_PREFIXES = ("nvidia", "cuda", "triton")
_SHOWN = ("Downloading ", "Downloaded ", "Processing ", "Using cached ")
_RAW_PROGRESS_SINCE = (24, 1)  # first pip version that prints progress as numbers


class TorchBuild(Enum):
    """A build of torch. AUTO: the build that fits this machine's driver."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"

    @property
    def wants_cuda(self) -> bool:
        """Whether to install the CUDA build. AUTO asks the driver, which may take seconds."""
        return has_gpu() if self is TorchBuild.AUTO else self is TorchBuild.CUDA


class Installer:
    """Runs pip with the interpreter `python`, in the working folder `folder`."""

    def __init__(
        self,
        python: Path,
        folder: Path,
        environment: Mapping[str, str],
        say: Callable[[str], None],
        is_cancelled: Callable[[], bool],
        *,
        watch: Callable[[str], None] = lambda line: None,
    ) -> None:
        """say: receives messages for the user. watch: receives every line of output."""
        self._python = python
        self._folder = folder
        self._environment = environment
        self._say = say
        self._is_cancelled = is_cancelled
        self._watch = watch
        self._bar = ""

    def install_torch(self, lock: Path, build: TorchBuild = TorchBuild.AUTO) -> None:
        """Install the locked version of torch in this build, with its dependencies. Raises SetupError."""
        pin = _pin(lock, "torch")
        wants_cuda = build.wants_cuda
        message = translate("Rsgpt", "{pin}: looking for the {kind} build")
        self._say(message.format(pin=pin, kind="CUDA" if wants_cuda else "CPU"))
        if self._brings_cuda(pin, lock) != wants_cuda and self._install_build(pin, lock, wants_cuda):
            return
        self._pip("install", pin, "--constraint", str(lock))

    def install_lock(self, lock: Path) -> None:
        """Install exactly the packages that `lock` lists. Raises SetupError."""
        self._say(translate("Rsgpt", "Installing the packages in {lock}").format(lock=lock.name))
        self._pip("install", "--no-deps", "--requirement", str(lock))

    def _brings_cuda(self, pin: str, lock: Path) -> bool:
        """Return whether the index's default build of torch depends on CUDA libraries, without downloading them."""
        with tempfile.TemporaryDirectory(dir=self._folder) as scratch:
            report = Path(scratch) / "report.json"
            self._pip("install", "--dry-run", "--report", str(report), pin, "--constraint", str(lock), quiet=True)
            planned = json.loads(report.read_text("utf-8"))["install"]
        return any(item["metadata"]["name"].lower().startswith(_CUDA_PREFIXES) for item in planned)

    def _install_build(self, pin: str, lock: Path, wants_cuda: bool) -> bool:
        """Let uv, which knows the indexes of torch's builds, install the build. Return whether that worked."""
        self._pip("install", _UV)
        backend = "auto" if wants_cuda else "cpu"
        uv = [str(self._python), "-m", "uv", "pip", "install", "--python", str(self._python)]
        status, lines = self._run([*uv, "--torch-backend", backend, pin, "--constraint", str(lock)])
        if status:
            self._say(
                translate("Rsgpt", "That build is not available here, using the default build. {lines}").format(
                    lines=advice(lines)
                )
            )
        return status == 0

    def _pip(self, *arguments: str, quiet: bool = False) -> None:
        options = ["--disable-pip-version-check", "--no-input", "--progress-bar", self._progress_bar()]
        status, lines = self._run([str(self._python), "-m", "pip", *arguments, *options], quiet)
        if status:
            raise install_error(lines)

    def _run(self, command: Sequence[str], quiet: bool = False) -> tuple[int, list[str]]:
        return child_process.run(
            command,
            self._folder,
            environment=self._environment,
            say=self._watch if quiet else self._report,
            is_cancelled=self._is_cancelled,
        )

    def _progress_bar(self) -> str:
        """Return the value of pip's --progress-bar option that prints the most progress."""
        if not self._bar:
            _, lines = self._run([str(self._python), "-m", "pip", "--version"], quiet=True)
            version = (lines or [""])[-1].split()[1:2]
            numbers = tuple(int(part) for part in version[0].split(".")[:2] if part.isdigit()) if version else ()
            self._bar = "raw" if numbers >= _RAW_PROGRESS_SINCE else "off"
        return self._bar

    def _report(self, line: str) -> None:
        self._watch(line)
        line = line.strip()
        if line.startswith("Installing collected packages:"):
            self._say(translate("Rsgpt", "Unpacking {count} packages").format(count=line.count(",") + 1))
        elif line.startswith(_SHOWN):
            verb, file = line.split(maxsplit=1)
            self._say(f"{verb} {file.rpartition('/')[2]}")


def has_gpu() -> bool:
    """Return whether NVIDIA's driver lists a GPU."""
    tool = shutil.which("nvidia-smi")
    return tool is not None and "GPU" in (child_process.run_quick([tool, "-L"], _DRIVER_TIMEOUT_S) or "")


def _pin(lock: Path, package: str) -> str:
    for line in lock.read_text("utf-8").splitlines():
        if line.startswith(f"{package}=="):
            return line.strip()
    raise SetupError(
        translate("Rsgpt", "{lock} does not list {package}. Install the plugin again.").format(
            lock=lock.name, package=package
        )
    )
