"""What the set-up does: looks at the machine, makes the environment, checks the user's Python. Knows no widget."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from qgis.core import QgsTask
from qgis.PyQt.QtCore import QCoreApplication, pyqtSignal

from ...client.environment.environment import FETCHED, EnvironmentState, ManagedEnvironment, space_needed
from ...client.environment.install_progress import DownloadMeter
from ...client.environment.installer import TorchBuild, has_gpu
from ...client.environment.interpreters import find_python
from ...client.environment.user_python import UserPython, examine
from ...client.preferences import BackendKind, load
from ...client.server.local_server import stop_shared_servers
from ...core import paths
from ...core.disk_space import free_bytes
from ...errors import Cancelled, RsgptError, SetupError
from ...unexpected import details, explained
from ..background_task import BackgroundTask
from .proxy import proxy_variables

translate = QCoreApplication.translate

_REPORT_S = 0.5


def is_ready() -> bool:
    """Whether the model can be asked by the door that was chosen. Reads a few small files."""
    chosen = load()
    if chosen.door is BackendKind.MANAGED:
        return is_set_up()
    if chosen.door is BackendKind.PYTHON:
        return Path(chosen.python).is_file()
    return chosen.door is BackendKind.IN_PROCESS or bool(chosen.server_url)


def is_set_up() -> bool:
    """Whether the managed environment is ready. Reads a few small files."""
    return ManagedEnvironment(paths.home()).state() is EnvironmentState.READY


@dataclass(frozen=True)
class Machine:
    """What the set-up found. python: what makes the environment, "" where nothing can; free: bytes."""

    state: EnvironmentState
    python: str
    has_gpu: bool
    folder: Path
    free: int

    def build(self, wanted: TorchBuild) -> TorchBuild:
        """CPU or CUDA: as wanted, or what fits."""
        fits = TorchBuild.CUDA if self.has_gpu else TorchBuild.CPU
        return fits if wanted is TorchBuild.AUTO else wanted

    def has_room(self, wanted: TorchBuild) -> bool:
        """Whether the build fits the disk."""
        return self.free >= space_needed(self.build(wanted))


def look_at_machine() -> BackgroundTask:
    """Return the work that ends with a Machine; it starts a few programs and may take seconds."""
    return BackgroundTask(translate("Rsgpt", "RSGPT: looking at this machine"), lambda work: _machine())


def examine_python(python: str) -> BackgroundTask:
    """Return the work that ends with a UserPython."""

    def check(work: BackgroundTask) -> UserPython:
        return examine(Path(python), work.isCanceled)

    return BackgroundTask(translate("Rsgpt", "RSGPT: checking a Python"), check)


class SetupTask(QgsTask):
    """Makes the environment. On the main thread come `said`: a line for a person; `printed`: all lines of installers;
    `moved`: the share that is done, about how many seconds are left, or -1; `ended`: whether it is ready, a sentence.

    details: after a failure, what the installer printed at its end.
    """

    said = pyqtSignal(str)
    printed = pyqtSignal(str)
    moved = pyqtSignal(float, float)
    ended = pyqtSignal(bool, str)

    def __init__(self, build: TorchBuild = TorchBuild.AUTO, afresh: bool = False) -> None:
        """afresh: what is there is taken away first."""
        super().__init__(translate("Rsgpt", "RSGPT: setting up the model"), QgsTask.Flag.CanCancel)
        self._build = build
        self._afresh = afresh
        self._environment = ManagedEnvironment(paths.home(), variables=proxy_variables(), build=build)
        self._error = ""
        self.details = ""
        self._meter = DownloadMeter(FETCHED[TorchBuild.CPU])
        self._reported = 0.0

    def run(self) -> bool:
        """Do the work, on a thread of QGIS's."""
        try:
            self._make()
        except Cancelled:
            return False
        except RsgptError as error:
            self._error = str(error)
            self.details = error.details if isinstance(error, SetupError) else ""
        except OSError as error:
            sentence = translate("Rsgpt", "The set-up could not write its files ({error}). Check the folder {folder}.")
            self._error = sentence.format(error=error, folder=paths.home())
        except Exception as error:  # the border of a thread: whatever a library raises ends in a sentence
            self._error, self.details = explained(error), details(error)
        return not self._error

    def finished(self, result: bool) -> None:
        """Report, on the main thread."""
        if result:
            self.ended.emit(True, translate("Rsgpt", "The model is ready."))
        else:
            stopped = translate("Rsgpt", "The set-up was stopped. Start it again whenever you like.")
            self.ended.emit(False, self._error or stopped)

    def _make(self) -> None:
        self._meter = DownloadMeter(FETCHED[TorchBuild.CUDA if self._build.wants_cuda else TorchBuild.CPU])
        if self._afresh:
            stop_shared_servers()
            self._environment.remove()
        self._environment.make(say=self.said.emit, is_cancelled=self._is_cancelled, watch=self._watch)

    def _watch(self, line: str) -> None:
        if self._meter.take(line):
            self.printed.emit(line)

    def _is_cancelled(self) -> bool:
        now = time.monotonic()
        if now - self._reported > _REPORT_S:
            self._reported = now
            left = self._meter.seconds_left
            self.setProgress(100.0 * self._meter.fraction)
            self.moved.emit(self._meter.fraction, -1.0 if left is None else left)
        return bool(self.isCanceled())


def _machine() -> Machine:
    environment = ManagedEnvironment(paths.home())
    return Machine(
        environment.state(), _maker(find_python), has_gpu(), environment.folder, free_bytes(environment.home)
    )


def _maker(find: Callable[[], Optional[Path]]) -> str:
    python = find()
    return str(python) if python is not None else shutil.which("uv") or ""
