"""The local server process of this QGIS, started on first use and ended with QGIS."""

from __future__ import annotations

import atexit
import json
import logging
import logging.handlers
import socket
import subprocess  # nosec B404 - the server is a child process
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Optional, cast
from urllib.parse import urlsplit

from ...core import paths
from ...errors import Cancelled, ServerError
from ...shared.i18n import translate
from ..environment import child_process
from ..environment.environment import backend_for
from ..model_slot import slot
from .endpoint import Endpoint

_POLL_S = 0.1
_CONNECT_S = 2.0
_LOG_BYTES = 1_000_000
_LOG_FILES = 3
_LAST_LINES = 3
_LONGEST_LINE = 1000  # characters; messages can contain long paths


class LocalServer:
    """One server process. All methods are thread-safe; starting and restarting may take minutes."""

    in_flight = 64  # the server processes one half while the other half waits
    initial_in_flight = 64

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], log_file: Path, patience_s: float = 120.0
    ) -> None:
        """patience_s: maximum time without a line on stderr while the server starts."""
        self._command = list(command)
        self._environment = dict(environment)
        self._log_file = log_file
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._process: Optional[subprocess.Popen[str]] = None
        self._endpoint: Optional[Endpoint] = None
        self._log = _RotatingLog(log_file)

    def endpoint(self, is_cancelled: Callable[[], bool] = lambda: False) -> Endpoint:
        """Return the endpoint, after starting the server if needed. Raises ServerError with log lines, or Cancelled."""
        with self._lock:
            if self._endpoint is None or not self._is_alive():
                self._end()  # close the pipes of a dead process
                self._endpoint = self._start(is_cancelled)
            return self._endpoint

    @property
    def is_usable(self) -> bool:
        """Always True: `endpoint` restarts a dead server."""
        return True

    def can_restart(self, silent: bool) -> bool:
        """Return whether the server has died, is ending (its port is closed) or, if `silent`, stalled."""
        with self._lock:
            return silent or not self._is_alive() or not _is_listening(self._endpoint)

    def restart(self, failed: Endpoint, is_cancelled: Callable[[], bool] = lambda: False) -> Endpoint:
        """Restart the server unless another run already did since it listened at `failed`."""
        with self._lock:
            if self._endpoint is None or self._endpoint == failed:
                self._end()
                self._endpoint = self._start(is_cancelled)
            return self._endpoint

    def stop(self) -> None:
        """End the process. A later `endpoint()` starts a new one."""
        with self._lock:
            self._end()
            self._endpoint = None
            self._log.close()

    def log_tail(self) -> str:
        """Return the last log lines and the path of the log."""
        lines = " / ".join(self._log.last_lines)
        if not lines:
            return translate("Rsgpt", "Log file: {log}.").format(log=self._log_file)
        return translate("Rsgpt", "Last log lines: {said} (log file: {log}).").format(said=lines, log=self._log_file)

    def _is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _start(self, is_cancelled: Callable[[], bool]) -> Endpoint:
        self._log_file.parent.mkdir(parents=True, exist_ok=True)
        pipe = subprocess.PIPE
        try:
            # The server ends when its stdin closes, so it ends with QGIS even if QGIS crashes.
            process = child_process.start(
                self._command, self._environment, self._log_file.parent, stdin=pipe, stdout=pipe, stderr=pipe
            )
        except OSError as error:
            raise ServerError(
                translate("Rsgpt", "The model server cannot be started ({error}). Set up the model again.").format(
                    error=error
                )
            ) from error
        self._process = process
        try:
            return self._first_line(process, is_cancelled)
        except (ServerError, Cancelled):
            self._end()
            raise

    def _first_line(self, process: subprocess.Popen[str], is_cancelled: Callable[[], bool]) -> Endpoint:
        first: deque[str] = deque(maxlen=1)
        log_reader = child_process.follow(cast("IO[str]", process.stderr), self._log.write)
        child_process.follow(cast("IO[str]", process.stdout), lambda line: first.append(line) if not first else None)
        self._log.touched = time.monotonic()
        while not first:
            if is_cancelled():
                raise Cancelled(translate("Rsgpt", "Stopped while the model server was starting."))
            if process.poll() is not None:
                log_reader.join(1.0)
                raise ServerError(
                    translate("Rsgpt", "The model server stopped while starting. {log_tail}").format(
                        log_tail=self.log_tail()
                    )
                )
            if time.monotonic() - self._log.touched > self._patience_s:
                raise ServerError(
                    translate("Rsgpt", "The model server did not start. {log_tail}").format(log_tail=self.log_tail())
                )
            time.sleep(_POLL_S)
        return _read_first_line(first[0])

    def _end(self) -> None:
        if self._process is not None:
            child_process.end(self._process)
        self._process = None


class _RotatingLog:
    """The server's stderr: rotating files of a few megabytes, and the last lines in memory."""

    def __init__(self, path: Path) -> None:
        self.last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        self.touched = time.monotonic()
        self._handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8", delay=True
        )

    def write(self, line: str) -> None:
        self.touched = time.monotonic()
        if line.strip():
            self.last_lines.append(line.strip()[:_LONGEST_LINE])
        self._handler.handle(logging.makeLogRecord({"msg": line, "levelno": logging.INFO}))

    def close(self) -> None:
        self._handler.close()


def _is_listening(endpoint: Optional[Endpoint]) -> bool:
    address = urlsplit(endpoint.url if endpoint else "")
    try:
        socket.create_connection((address.hostname or "", address.port or 0), _CONNECT_S).close()
    except OSError:
        return False
    return True


def _read_first_line(line: str) -> Endpoint:
    try:
        record = json.loads(line)
        return Endpoint(str(record["url"]), str(record["api_key"]), is_local=True)
    except (ValueError, KeyError, TypeError) as error:
        raise ServerError(
            translate("Rsgpt", "The model server did not report its address. Set up the model again.")
        ) from error


@dataclass(frozen=True)
class ServerSpec:
    """A server to start. model: name or folder. python: the user's interpreter, "" for the managed environment.

    device, threads, feature_mb: see Preferences. revision: hash of model.json, so that a changed model is reloaded.
    """

    model: str
    python: str = ""
    device: str = "auto"
    threads: int = 0
    feature_mb: int = 0
    revision: str = ""

    def arguments(self) -> list[str]:
        """Return the arguments of the backend command."""
        options = ["--device", self.device, "--threads", str(self.threads), "--features", str(self.feature_mb)]
        return ["serve", "--port", "0", "--model", self.model, *options, "--exit-with-stdin"]


def leased_server(
    spec: ServerSpec, is_cancelled: Callable[[], bool] = lambda: False
) -> AbstractContextManager[LocalServer]:
    """Lease the local server for a model, see ModelSlot. Raises SetupError if no Python for it is ready.

    While a server with other settings is in use, it is shared; it is replaced when it becomes idle.
    """
    return slot.lease(spec, lambda: _managed_server(spec), is_cancelled)


def stop_local_server() -> None:
    """Stop the server even if it is in use. A run that restarts it also stops it at its end."""
    slot.end()


def _managed_server(spec: ServerSpec) -> LocalServer:
    backend = backend_for(spec.python)
    return LocalServer(backend.command(spec.arguments()), backend.variables(), paths.log_folder() / "server.log")


atexit.register(stop_local_server)
