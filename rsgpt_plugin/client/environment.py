"""The managed environment of the model: makes it, checks it, runs commands in it. Runs without QGIS."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Optional

from ..core import paths
from ..errors import RsgptError, SetupError
from . import child
from .install_errors import advice
from .installer import Installer
from .interpreters import find_python
from .models import BACKEND
from .sole_owner import sole_owner

GROUPS = ("evaluate", "test", "train")
_MAIN = "requirements.lock"
_MARKER = "rsgpt-environment.json"
_SPACE_BYTES = 3_000_000_000
_VERIFY = (
    "import torch, transformers; "
    "print(f'torch {torch.__version__}, transformers {transformers.__version__}, '"
    " f'CUDA {torch.version.cuda or \"none\"}')"
)

Say = Callable[[str], None]
Check = Callable[[], bool]


class State(Enum):
    """How far the environment is. Each has a sentence that says what to do."""

    MISSING = "is not set up"
    HALF_MADE = "was only half set up"
    STALE = "belongs to another version of the plugin"
    READY = "is ready"

    @property
    def advice(self) -> str:
        """What to tell a person who wants to use it in this state."""
        if self is State.READY:
            return "The model is ready."
        return (
            f"The model's environment {self.value}. Choose Raster ▸ RSGPT ▸ Set up the model… in QGIS, or run "
            "`python3 -m rsgpt_plugin.client.environment make` in the plugin's folder."
        )


class ManagedEnvironment:
    """The Python environment under `home`/env. Made once, used by every QGIS window of this user."""

    def __init__(self, home: Path, backend: Path = BACKEND, variables: Optional[Mapping[str, str]] = None) -> None:
        """variables: added to the environment of the installer, such as HTTPS_PROXY."""
        self.home = home
        self.folder = home / "env"
        self._backend = backend
        self._variables = dict(variables or {})

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def state(self, groups: Collection[str] = ()) -> State:
        """Return how far it is, with the optional `groups` of packages."""
        if not self.folder.exists():
            return State.MISSING
        recorded = self._recorded()
        if not recorded or not self.python.exists():
            return State.HALF_MADE
        wanted = {name: _digest(self._backend / name) for name in _lock_names(groups)}
        return State.READY if wanted.items() <= recorded.items() else State.STALE

    def make(
        self,
        groups: Collection[str] = (),
        say: Say = lambda line: None,
        is_cancelled: Check = lambda: False,
    ) -> None:
        """Bring it to READY. Idempotent; may take many minutes; `say` gets a line at a time.

        SetupError with a sentence of advice; Cancelled within a second of `is_cancelled`.
        """
        with sole_owner(self.home / "env.lock"):
            state = self.state(groups)
            if state is State.READY:
                say(f"The model's environment is ready: {self.folder}")
                return
            if state is State.HALF_MADE:
                say("The model's environment was only half made; starting afresh.")
                shutil.rmtree(self.folder)
            if not self.python.exists():
                self._create(say, is_cancelled)
            self._install(groups, say, is_cancelled)
            say(f"The model's environment is ready: {self.folder}")

    def backend_command(self, arguments: Sequence[str]) -> list[str]:
        """Return the command line of the model's side. `-P`: nothing in the current folder can shadow a module."""
        return [str(self.python), "-P", "-m", "rsgpt_backend", *arguments]

    def backend_variables(self) -> dict[str, str]:
        """Return the whole environment for `backend_command`; nothing in it may reach for the network."""
        offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
        ours = {"PYTHONPATH": str(self._backend), "RSGPT_HOME": str(self.home)}
        return child.clean_environment({**ours, **offline})

    def _create(self, say: Say, is_cancelled: Check) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(self.home).free < _SPACE_BYTES:
            raise SetupError(advice(["no space left"]))
        command = _creation(self.folder)
        say(f"Making an environment with {command[0]} in {self.folder}")
        status, lines = child.run(command, self.home, is_cancelled=is_cancelled)
        if status:
            raise SetupError(advice(lines))

    def _install(self, groups: Collection[str], say: Say, is_cancelled: Check) -> None:
        recorded = self._recorded()
        environment = child.clean_environment(self._variables)
        installer = Installer(self.python, self.home, environment, say, is_cancelled)
        for name in _lock_names(groups):
            lock = self._backend / name
            if recorded.get(name) == _digest(lock):
                continue
            if name == _MAIN:
                recorded = {}
                (self.folder / _MARKER).unlink(missing_ok=True)
                installer.install_torch(lock)
            installer.install_lock(lock)
            if name == _MAIN:
                self._verify(say, is_cancelled)
            recorded[name] = _digest(lock)
            self._record(recorded)

    def _verify(self, say: Say, is_cancelled: Check) -> None:
        command = [str(self.python), "-c", _VERIFY]
        status, lines = child.run(command, self.home, is_cancelled=is_cancelled)
        if status:
            raise SetupError(f"The packages are there but do not work: {(lines or ['no reason given'])[-1][:300]}")
        say(f"Checked: {lines[-1]}")

    def _recorded(self) -> dict[str, str]:
        try:
            record = json.loads((self.folder / _MARKER).read_text("utf-8"))
            return {str(name): str(digest) for name, digest in record["locks"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}

    def _record(self, locks: Mapping[str, str]) -> None:
        draft = self.folder / (_MARKER + ".part")
        draft.write_text(json.dumps({"locks": locks}), "utf-8")
        draft.replace(self.folder / _MARKER)


def _lock_names(groups: Collection[str]) -> list[str]:
    unknown = sorted(set(groups) - set(GROUPS))
    if unknown:
        raise SetupError(f"There is no group of packages named {unknown[0]}. Known: {', '.join(GROUPS)}.")
    return [_MAIN, *(f"requirements-{group}.lock" for group in GROUPS if group in groups)]


def _digest(lock: Path) -> str:
    try:
        return hashlib.sha256(lock.read_bytes()).hexdigest()
    except OSError as error:
        raise SetupError(f"The plugin is incomplete: {lock} is missing. Install it again.") from error


def _creation(folder: Path) -> list[str]:
    python = find_python()
    if python is not None:
        return [str(python), "-m", "venv", str(folder)]
    uv = shutil.which("uv")
    if uv is not None:
        return [uv, "venv", "--seed", "--python", "3.12", str(folder)]
    raise SetupError(
        "There is no Python of version 3.11 to 3.14 with its venv module on this machine. Install one "
        "(on Debian and Ubuntu the package python3-venv too), then set up again."
    )


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m rsgpt_plugin.client.environment")
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="make the environment, or bring it up to date")
    make.add_argument("--group", action="append", default=[], choices=GROUPS)
    commands.add_parser("python", help="print the path of its interpreter")
    commands.add_parser("run", help="run the model's command in it with all arguments that follow")
    return parser.parse_args(argv[:1] if argv[:1] == ["run"] else argv)


def _to_stderr(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def main(argv: Optional[Sequence[str]] = None) -> int:
    """The command line of this module. Returns 0, or 1 with a sentence on stderr; `run` does not return."""
    given = list(sys.argv[1:] if argv is None else argv)
    options = _arguments(given)
    environment = ManagedEnvironment(paths.home())
    try:
        if options.command == "make":
            environment.make(options.group, _to_stderr)
        elif options.command == "python":
            sys.stdout.write(f"{environment.python}\n")
        else:
            groups = [group for group in GROUPS if group in given[1:2]]  # a command's own packages
            if environment.state(groups) is not State.READY:
                environment.make(groups, _to_stderr)
            command = environment.backend_command(given[1:])
            os.execve(command[0], command, environment.backend_variables())  # nosec B606 - our own interpreter
    except RsgptError as error:
        _to_stderr(str(error))
        return 1
    except OSError as error:
        _to_stderr(f"{environment.home} cannot be used ({error}). Set RSGPT_HOME to a folder that may be written to.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
