"""The managed Python environment of the backend: create it, check it, run commands in it. Does not import QGIS."""

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

from ...core import paths
from ...errors import RsgptError, SetupError
from ...shared.i18n import mark, marked, translate
from ...shared.search.sentence_model import SENTENCE_MODEL_MB
from . import child_process
from .backend_command import BackendCommand
from .install_errors import advice, install_error
from .installer import Installer, TorchBuild
from .interpreters import find_python
from .setup_lock import exclusive_lock

SENTENCES = "sentences"
GROUPS = ("batch", "evaluate", "ray", SENTENCES, "test", "train")
_MAIN_LOCK, _SENTENCES_LOCK = "requirements.lock", f"requirements-{SENTENCES}.lock"
_MAKE = "python3 -m rsgpt_plugin.client.environment.environment make"
_MARKER = "rsgpt-environment.json"
_VERIFY = (
    "import torch, transformers; "
    "print(f'torch {torch.__version__}, transformers {transformers.__version__}, '"
    " f'CUDA {torch.version.cuda or \"none\"}')"
)

# Bytes that the packages of the main lock need on Linux: downloads, and installed files with the language model.
# Sums of the sizes in the package index (`uv lock`) and of installed files; the installed CUDA size is an estimate.
DOWNLOAD_BYTES = {TorchBuild.CPU: 400_000_000, TorchBuild.CUDA: 3_000_000_000}
INSTALLED_BYTES = {TorchBuild.CPU: 1_600_000_000, TorchBuild.CUDA: 7_000_000_000}

Say = Callable[[str], None]
Check = Callable[[], bool]


class EnvironmentState(Enum):
    """State of the environment."""

    MISSING = mark("is not set up")
    HALF_MADE = mark("is only partly set up")
    STALE = mark("belongs to another version of the plugin")
    READY = mark("is ready")

    @property
    def advice(self) -> str:
        """What the user can do in this state, as a sentence."""
        if self is EnvironmentState.READY:
            return translate("Rsgpt", "The model is ready.")
        sentence = translate(
            "Rsgpt",
            "The model's environment {state}. Choose Raster ▸ RSGPT ▸ Set up the model… in QGIS, or run `{command}` "
            "in the plugin's folder.",
        )
        return sentence.format(state=marked(self.value), command=_MAKE)


class ManagedEnvironment:
    """The Python environment under `home`/env, shared by all QGIS windows of this user."""

    def __init__(
        self,
        home: Path,
        backend: Path = paths.BACKEND,
        variables: Optional[Mapping[str, str]] = None,
        build: TorchBuild = TorchBuild.AUTO,
    ) -> None:
        """variables: extra environment variables for the installer, such as HTTPS_PROXY. build: of torch."""
        self.home = home
        self.folder = home / "env"
        self.downloads = home / "download"
        self._build = build
        self._backend = backend
        self._variables = dict(variables or {})

    @property
    def python(self) -> Path:
        """Path of the environment's interpreter."""
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def state(self, groups: Collection[str] = ()) -> EnvironmentState:
        """Return the state of the environment with the optional package `groups`."""
        if not self.folder.exists():
            return EnvironmentState.MISSING
        recorded = self._recorded()
        if not recorded or not self.python.exists():
            return EnvironmentState.HALF_MADE
        wanted = {name: _digest(self._backend / name) for name in _lock_names(groups)}
        return EnvironmentState.READY if wanted.items() <= recorded.items() else EnvironmentState.STALE

    def make(
        self,
        groups: Collection[str] = (),
        say: Say = lambda line: None,
        is_cancelled: Check = lambda: False,
        watch: Say = lambda line: None,
    ) -> None:
        """Create or update the environment until it is READY. May take many minutes; does nothing if it is READY.

        say: receives progress messages. watch: receives every output line of the installers. Finished downloads
        survive a cancel or a failure. Raises SetupError with advice, and Cancelled within a second of a cancel.
        """
        with exclusive_lock(self.home / "env.lock"):
            state = self.state(groups)
            if state is EnvironmentState.READY:
                say(translate("Rsgpt", "The model's environment is ready: {folder}").format(folder=self.folder))
                return
            if state is EnvironmentState.HALF_MADE:
                say(translate("Rsgpt", "The model's environment was only partly set up; starting again."))
                shutil.rmtree(self.folder)
            if not self.python.exists():
                self._create(say, is_cancelled)
            self._install(groups, say, is_cancelled, watch)
            shutil.rmtree(self.downloads, ignore_errors=True)
            say(translate("Rsgpt", "The model's environment is ready: {folder}").format(folder=self.folder))

    def remove(self) -> None:
        """Delete the environment, its downloads and the unpacked language model. Raises OSError on failure."""
        with exclusive_lock(self.home / "env.lock"):
            for folder in self.parts():
                if folder.exists():
                    shutil.rmtree(folder)

    def parts(self) -> tuple[Path, ...]:
        """Return the folders that belong to the environment."""
        return (self.folder, self.downloads, self.home / "language")

    def backend_command(self, arguments: Sequence[str]) -> list[str]:
        return self.backend().command(arguments)

    def backend_variables(self) -> dict[str, str]:
        return self.backend().variables()

    def backend(self) -> BackendCommand:
        """Return the command to run the backend in this environment, in any state."""
        return BackendCommand(self.python, self.home, self._backend)

    def _create(self, say: Say, is_cancelled: Check) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(self.home).free < space_needed(self._build):
            raise SetupError(advice(["no space left"]))
        command = _creation(self.folder)
        say(
            translate("Rsgpt", "Creating an environment with {command} in {folder}").format(
                command=command[0], folder=self.folder
            )
        )
        status, lines = child_process.run(command, self.home, is_cancelled=is_cancelled)
        if status:
            raise install_error(lines)

    def _install(self, groups: Collection[str], say: Say, is_cancelled: Check, watch: Say) -> None:
        recorded = self._recorded()
        environment = child_process.clean_environment({**self._download_variables(), **self._variables})
        installer = Installer(self.python, self.home, environment, say, is_cancelled, watch=watch)
        for name in _lock_names(groups):
            lock = self._backend / name
            if recorded.get(name) == _digest(lock):
                continue
            if name == _MAIN_LOCK:
                recorded = {}
                (self.folder / _MARKER).unlink(missing_ok=True)
                installer.install_torch(lock, self._build)
            if name == _SENTENCES_LOCK:
                say(
                    translate("Rsgpt", "The sentence model is downloaded once ({size} MB).").format(
                        size=SENTENCE_MODEL_MB
                    )
                )
            installer.install_lock(lock)
            if name == _MAIN_LOCK:
                self._verify(say, is_cancelled)
            recorded[name] = _digest(lock)
            self._record(recorded)

    def _verify(self, say: Say, is_cancelled: Check) -> None:
        command = [str(self.python), "-c", _VERIFY]
        status, lines = child_process.run(command, self.home, is_cancelled=is_cancelled)
        if status:
            raise SetupError(
                translate("Rsgpt", "The packages are installed but do not work. {lines}").format(lines=advice(lines)),
                "\n".join(lines),
            )
        say(translate("Rsgpt", "Checked: {lines}").format(lines=lines[-1]))

    def _download_variables(self) -> dict[str, str]:
        """Return the variables that make installers keep their downloads for a second attempt."""
        scratch = self.downloads / "scratch"
        scratch.mkdir(parents=True, exist_ok=True)
        caches = {"PIP_CACHE_DIR": str(self.downloads / "pip"), "UV_CACHE_DIR": str(self.downloads / "uv")}
        return {**caches, **{name: str(scratch) for name in ("TMPDIR", "TEMP", "TMP")}}

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


def space_needed(build: TorchBuild) -> int:
    """Return the bytes of disk space that a new environment needs. TorchBuild.AUTO asks the driver: seconds."""
    chosen = TorchBuild.CUDA if build.wants_cuda else TorchBuild.CPU
    return DOWNLOAD_BYTES[chosen] + INSTALLED_BYTES[chosen]


def backend_for(python: str) -> BackendCommand:
    """Return the command to run the backend with the user's `python`, or with the managed environment if it is "".

    Raises SetupError if the environment is not ready or `python` does not exist.
    """
    if not python:
        environment = ManagedEnvironment(paths.home())
        state = environment.state()
        if state is not EnvironmentState.READY:
            raise SetupError(state.advice)
        return environment.backend()
    if not Path(python).is_file():
        raise SetupError(
            translate("Rsgpt", "The chosen Python does not exist: {python}. Choose another one in the set-up.").format(
                python=python
            )
        )
    return BackendCommand(Path(python), paths.home(), is_users=True)


def _lock_names(groups: Collection[str]) -> list[str]:
    unknown = sorted(set(groups) - set(GROUPS))
    if unknown:
        raise SetupError(
            translate("Rsgpt", "There is no package group named {unknown}. Available groups: {groups}.").format(
                unknown=unknown[0], groups=", ".join(GROUPS)
            )
        )
    return [_MAIN_LOCK, *(f"requirements-{group}.lock" for group in GROUPS if group in groups)]


def _digest(lock: Path) -> str:
    try:
        return hashlib.sha256(lock.read_bytes()).hexdigest()
    except OSError as error:
        raise SetupError(
            translate("Rsgpt", "The plugin is incomplete: {lock} is missing. Install it again.").format(lock=lock)
        ) from error


def _creation(folder: Path) -> list[str]:
    python = find_python()
    if python is not None:
        return [str(python), "-m", "venv", str(folder)]
    uv = shutil.which("uv")
    if uv is not None:
        return [uv, "venv", "--seed", "--python", "3.12", str(folder)]
    raise SetupError(
        translate(
            "Rsgpt",
            "This machine has no Python 3.11 to 3.14 with the venv module. Install one (on Debian and Ubuntu also "
            "the package python3-venv), then set up again.",
        )
    )


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m rsgpt_plugin.client.environment.environment")
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="create or update the environment")
    make.add_argument("--group", action="append", default=[], choices=GROUPS)
    commands.add_parser("python", help="print the path of the environment's interpreter")
    commands.add_parser("run", help="run the backend in the environment with the arguments that follow")
    return parser.parse_args(argv[:1] if argv[:1] == ["run"] else argv)


def _groups_of(command: Sequence[str]) -> list[str]:
    """Return the package groups of a backend command; some options of `batch` and `search` need further ones."""
    groups = set(command[:1])
    if command[:1] == ["batch"] and ("ray" in command or "--engine=ray" in command):
        groups.add("ray")
    if command[:1] == ["search"] and any(argument.startswith("--tile") for argument in command):
        groups.add("batch")
    if command[:1] == ["search"] and any(argument.startswith("--results") for argument in command):
        groups.add(SENTENCES)
    if command[:1] == ["train"]:  # rasterio reads the training pictures that Pillow cannot read
        groups |= {"batch", "evaluate"}
    return [group for group in GROUPS if group in groups]


def _to_stderr(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run this module's command line. Return 0, or 1 with a message on stderr; `run` does not return."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    options = _arguments(arguments)
    environment = ManagedEnvironment(paths.home())
    try:
        if options.command == "make":
            environment.make(options.group, _to_stderr)
        elif options.command == "python":
            sys.stdout.write(f"{environment.python}\n")
        else:
            groups = _groups_of(arguments[1:])
            if environment.state(groups) is not EnvironmentState.READY:
                environment.make(groups, _to_stderr)
            command = environment.backend_command(arguments[1:])
            os.execve(command[0], command, environment.backend_variables())  # nosec B606 - our own interpreter
    except RsgptError as error:
        _to_stderr(str(error))
        return 1
    except OSError as error:
        _to_stderr(f"{environment.home} cannot be used ({error}). Set RSGPT_HOME to a writable folder.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
