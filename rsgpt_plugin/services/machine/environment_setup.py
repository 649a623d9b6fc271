"""Setup of the model: inspects the machine, creates the environment and checks the user's Python."""

from __future__ import annotations

import shutil
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from qgis.core import QgsTask
from qgis.PyQt.QtCore import QCoreApplication, pyqtSignal

from ...client.environment.environment import DOWNLOAD_BYTES, EnvironmentState, ManagedEnvironment, space_needed
from ...client.environment.install_progress import DownloadMeter
from ...client.environment.installer import TorchBuild, has_gpu
from ...client.environment.interpreters import find_python
from ...client.environment.user_python import UserPython, check_user_python
from ...client.preferences import BackendKind, load
from ...client.server.local_server import stop_local_server
from ...core import paths
from ...core.disk_space import free_bytes
from ...errors import Cancelled, RsgptError, SetupError
from ...shared.search.sentence_model import SENTENCE_MODEL_MB
from ...unexpected import details, log_unexpected
from ..background_task import BackgroundTask
from .proxy import proxy_variables

translate = QCoreApplication.translate

_PROGRESS_INTERVAL_S = 0.5


def is_ready() -> bool:
    """Return whether the chosen backend can answer prompts. Reads only a few small files."""
    preferences = load()
    if preferences.door is BackendKind.MANAGED:
        return is_set_up()
    if preferences.door is BackendKind.PYTHON:
        return Path(preferences.python).is_file()
    return preferences.door is BackendKind.IN_PROCESS or bool(preferences.server_url)


def is_set_up() -> bool:
    """Return whether the managed environment is ready. Reads only a few small files."""
    return ManagedEnvironment(paths.home()).state() is EnvironmentState.READY


@dataclass(frozen=True)
class Machine:
    """The machine before a setup.

    python: the interpreter, or uv, that can create the environment; "" if there is none. free: disk space in bytes.
    """

    state: EnvironmentState
    python: str
    has_gpu: bool
    folder: Path
    free: int

    def build(self, wanted: TorchBuild) -> TorchBuild:
        """Return `wanted`, with AUTO resolved to CUDA if there is a GPU, else to CPU."""
        automatic = TorchBuild.CUDA if self.has_gpu else TorchBuild.CPU
        return automatic if wanted is TorchBuild.AUTO else wanted

    def has_space(self, wanted: TorchBuild) -> bool:
        """Return whether there is enough disk space for the build."""
        return self.free >= space_needed(self.build(wanted))


def inspect_machine() -> BackgroundTask:
    """Return a task whose result is a Machine. It starts a few programs and can take seconds."""
    return BackgroundTask(translate("Rsgpt", "RSGPT: checking this machine"), lambda task: _machine())


def examine_python(python: str) -> BackgroundTask:
    """Return a task that checks the interpreter at the path `python`; its result is a UserPython."""

    def check(task: BackgroundTask) -> UserPython:
        return check_user_python(Path(python), task.isCanceled)

    return BackgroundTask(translate("Rsgpt", "RSGPT: checking Python"), check)


class SetupTask(QgsTask):
    """Creates the managed environment. It emits its signals on the main thread.

    reported: a step, for the user. printed: a line of installer output.
    progressed: the fraction done, and the estimated seconds left or -1. ended: whether the environment is ready, and a
    message. details: after a failure, the last lines of installer output.
    """

    reported = pyqtSignal(str)
    printed = pyqtSignal(str)
    progressed = pyqtSignal(float, float)
    ended = pyqtSignal(bool, str)

    def __init__(self, build: TorchBuild = TorchBuild.AUTO, afresh: bool = False, groups: Collection[str] = ()) -> None:
        """afresh: remove the existing environment first. groups: optional packages, see `ManagedEnvironment.make`."""
        super().__init__(translate("Rsgpt", "RSGPT: setting up the model"), QgsTask.Flag.CanCancel)
        self._build = build
        self._afresh = afresh
        self._groups = groups
        self._environment = ManagedEnvironment(paths.home(), variables=proxy_variables(), build=build)
        self._error = ""
        self.details = ""
        self._meter = DownloadMeter(DOWNLOAD_BYTES[TorchBuild.CPU])
        self._last_progress = 0.0

    def run(self) -> bool:
        """Create the environment in a background thread."""
        try:
            self._make()
        except Cancelled:
            return False
        except RsgptError as error:
            self._error = str(error)
            self.details = error.details if isinstance(error, SetupError) else ""
        except OSError as error:
            message = translate("Rsgpt", "The setup could not write its files ({error}). Check the folder {folder}.")
            self._error = message.format(error=error, folder=paths.home())
        except Exception as error:  # an exception must not leave the thread
            self._error, self.details = log_unexpected(error), details(error)
        return not self._error

    def finished(self, result: bool) -> None:
        """Emit `ended` on the main thread."""
        if result:
            self.ended.emit(True, translate("Rsgpt", "The model is ready."))
        else:
            stopped = translate("Rsgpt", "The setup was stopped. You can start it again at any time.")
            self.ended.emit(False, self._error or stopped)

    def _make(self) -> None:
        self._meter = DownloadMeter(self._download_bytes())
        if self._afresh:
            stop_local_server()
            self._environment.remove()
        self._environment.make(self._groups, say=self.reported.emit, is_cancelled=self._is_cancelled, watch=self._watch)

    def _download_bytes(self) -> float:
        if self._groups and not self._afresh and self._environment.state() is EnvironmentState.READY:
            return 1e6 * SENTENCE_MODEL_MB  # the only group that is installed by QGIS
        return DOWNLOAD_BYTES[TorchBuild.CUDA if self._build.wants_cuda else TorchBuild.CPU]

    def _watch(self, line: str) -> None:
        if self._meter.take(line):
            self.printed.emit(line)

    def _is_cancelled(self) -> bool:
        now = time.monotonic()
        if now - self._last_progress > _PROGRESS_INTERVAL_S:
            self._last_progress = now
            left = self._meter.seconds_left
            self.setProgress(100.0 * self._meter.fraction)
            self.progressed.emit(self._meter.fraction, -1.0 if left is None else left)
        return bool(self.isCanceled())


def _machine() -> Machine:
    environment = ManagedEnvironment(paths.home())
    python = find_python()
    creator = str(python) if python is not None else shutil.which("uv") or ""
    return Machine(environment.state(), creator, has_gpu(), environment.folder, free_bytes(environment.home))
