"""A launch of the server: socket, key, announcement and shutdown."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import uvicorn
from PIL import Image

from ..predictor import Predictor
from .app import build_app
from .batcher import Batcher, QueueLimits
from .connections import Connection, close_overdue
from .limits import STALL_S
from .middleware.key import new_key
from .server_log import set_up_logs
from .watchdog import ActiveTime, Watchdog

_HOST = "127.0.0.1"
_GRACE_S = 2
_KEEP_ALIVE_S = 75
_ACCEPTED_AT_ONCE = 16  # so that closing connections keeps up with new ones; the others wait in the kernel
_WAITING_IN_KERNEL = 512
_SWEEP_TICKS = 10
_INTERRUPTED = 130


@dataclass(frozen=True)
class ServerLaunch:
    """What to serve. load: runs on the engine's thread. port: 0 for a free one.

    exit_with_stdin: end when stdin reaches its end. stall_s: active seconds without a heartbeat of the engine after
    which the server ends. key: the key that clients must send, "" for a new one.
    """

    model: str
    load: Callable[[], Predictor]
    port: int = 0
    exit_with_stdin: bool = False
    queue: QueueLimits = field(default_factory=QueueLimits)
    stall_s: float = STALL_S
    key: str = ""


def serve(launch: ServerLaunch) -> int:
    """Serve until stopped and return the exit code. Prints one JSON line on stdout, everything else on stderr."""
    set_up_logs()
    warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
    stdout = _claim_stdout()
    try:
        listener = _listen(launch.port)
    except OSError as error:
        return _fail(f"Port {launch.port} cannot be used ({error.strerror}); choose another port, or 0 for a free one.")
    batcher = Batcher(launch.model, launch.load, launch.queue)
    server = _AnnouncingServer(launch, batcher, listener, stdout)
    code = _run(server, listener)
    # A computation of the model cannot be interrupted, and ending the interpreter during one may crash it.
    if not batcher.join(_GRACE_S):
        sys.stderr.flush()
        os._exit(code)
    return code


class _AnnouncingServer(uvicorn.Server):
    """Prints its URL and key once it listens, and ends when its engine fails."""

    def __init__(self, launch: ServerLaunch, batcher: Batcher, listener: socket.socket, stdout: int) -> None:
        port = listener.getsockname()[1]
        self._key = launch.key or new_key()
        self._url = f"http://{_HOST}:{port}/v1"
        self._launch = launch
        self._batcher = batcher
        self._stdout = stdout
        self.failure: str | None = None
        self._active = ActiveTime()
        self._watchdog = Watchdog(launch.stall_s)
        super().__init__(_config(batcher, port, self._key))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, start to load the model, and print the URL and the key."""
        await super().startup(sockets)
        for listener in sockets or []:
            listener.listen(_WAITING_IN_KERNEL)
        self._batcher.start()
        line = json.dumps({"url": self._url, "api_key": self._key, "pid": os.getpid()})
        os.write(self._stdout, f"{line}\n".encode())
        if self._launch.exit_with_stdin:
            threading.Thread(target=_end_with_stdin, args=(self,), name="stdin", daemon=True).start()

    async def on_tick(self, counter: int) -> bool:
        """Return whether to end: on request, or because the engine could not be loaded or has stalled."""
        active_s = self._active.tick()
        if counter % _SWEEP_TICKS == 0:
            close_overdue(self.server_state.connections, active_s)
        if self._watchdog.is_stalled(active_s, self._batcher.heartbeat):
            self.failure = f"The model has not responded for {self._launch.stall_s:g} s; start the server again."
        self.failure = self.failure or self._batcher.failure
        if self.failure:
            _fail(self.failure)  # before the port closes, so that a client that finds it closed can read why
        return await super().on_tick(counter) or self.failure is not None

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Refuse the unanswered requests, then close."""
        self._batcher.stop()
        await super().shutdown(sockets)


def _config(batcher: Batcher, port: int, key: str) -> uvicorn.Config:
    return uvicorn.Config(
        build_app(batcher, port, key),
        http=Connection,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=_ACCEPTED_AT_ONCE,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )


def _run(server: _AnnouncingServer, listener: socket.socket) -> int:
    try:
        server.run([listener])
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 1 if server.failure else 0


def _claim_stdout() -> int:
    """Return a descriptor of the real stdout, and redirect all other output from there to stderr."""
    sys.stdout.flush()
    stdout = os.dup(1)
    os.dup2(2, 1)
    return stdout


def _listen(port: int) -> socket.socket:
    # asyncio sends small writes at once only if the protocol is given; otherwise each reply waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # On Windows SO_REUSEADDR would let another program share the port.
    if sys.platform != "win32":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((_HOST, port))
    return listener


def _end_with_stdin(server: uvicorn.Server) -> None:
    """End the server when its parent ends, by force if it does not end by itself."""
    # os.read, because a buffered read in a daemon thread aborts the interpreter at shutdown.
    with suppress(OSError):
        while os.read(0, 4096):
            continue
    server.should_exit = True
    time.sleep(2 * _GRACE_S)
    os._exit(0)


def _fail(message: str) -> int:
    sys.stderr.write(f"{message}\n")
    return 1
