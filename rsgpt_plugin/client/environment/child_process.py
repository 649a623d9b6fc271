"""Start, follow and end child processes. Uses only the standard library."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess  # nosec B404 - this module runs other programs
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Optional, cast

from ...errors import Cancelled
from ...shared.i18n import translate

# Variables that a QGIS installation sets for itself and that break another Python.
_QGIS_PREFIXES = (
    *("PYTHON", "PROJ", "GDAL", "QT_", "QGIS", "OSGEO", "LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_", "VIRTUAL_ENV"),
    *("PIP_TARGET", "PIP_USER", "PIP_PREFIX"),
)
_POLL_S = 0.2


def clean_environment(extra: Optional[Mapping[str, str]] = None) -> dict[str, str]:
    """Return this process's environment without QGIS's variables, plus `extra`."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith(_QGIS_PREFIXES)}
    variables.update({"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8", "PYTHONNOUSERSITE": "1"})
    variables.update(extra or {})
    return variables


def start(command: Sequence[str], environment: Mapping[str, str], folder: Path, **pipes: Any) -> subprocess.Popen[str]:
    """Start `command` in `folder`, in its own process group and without a console window."""
    return subprocess.Popen(  # nosec B603 - a list of arguments, no shell, programs named by us
        list(command),
        cwd=folder,
        env=dict(environment),
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=os.name == "posix",
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        **pipes,
    )


def end(process: subprocess.Popen[str], patience_s: float = 5.0) -> None:
    """End `process` and its children: ask them to terminate, and kill them after `patience_s` seconds."""
    if process.stdin is not None:
        process.stdin.close()
    if process.poll() is None:
        _signal(process, signal.SIGTERM)
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            _signal(process, getattr(signal, "SIGKILL", signal.SIGTERM))
            process.wait(patience_s)


def run(
    command: Sequence[str],
    folder: Path,
    *,
    environment: Optional[Mapping[str, str]] = None,
    say: Callable[[str], None] = lambda line: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> tuple[int, list[str]]:
    """Run `command` and return its exit status and its output lines, stdout and stderr together.

    say: receives each line as soon as it is printed. On cancel, end the process and raise Cancelled.
    """
    merged = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    process = start(command, environment or clean_environment(), folder, **merged)
    lines: list[str] = []
    try:
        for line in _lines(cast("IO[str]", process.stdout), is_cancelled):
            lines.append(line)
            say(line)
        return process.wait(), lines
    finally:
        end(process)


def run_quick(command: Sequence[str], timeout_s: float) -> Optional[str]:
    """Run a quick command and return its stdout, or None if it cannot be run, fails or takes too long."""
    try:
        completed = subprocess.run(  # nosec B603 - a list of arguments, no shell, programs named by us
            list(command),
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return completed.stdout


def follow(stream: IO[str], take: Callable[[str], None]) -> threading.Thread:
    """Pass each line of `stream` to `take`, on a new thread, until the stream ends."""

    def read() -> None:
        with stream:
            for line in stream:
                take(line.rstrip("\r\n"))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def _lines(output: IO[str], is_cancelled: Callable[[], bool]) -> Iterator[str]:
    arrived: queue.Queue[str] = queue.Queue()
    reader = follow(output, arrived.put)
    while reader.is_alive() or not arrived.empty():
        if is_cancelled():
            raise Cancelled(translate("Rsgpt", "Stopped."))
        with contextlib.suppress(queue.Empty):
            yield arrived.get(timeout=_POLL_S)


def _signal(process: subprocess.Popen[str], number: int) -> None:
    try:
        if os.name == "posix":
            os.killpg(process.pid, number)
        else:
            process.terminate()
    except ProcessLookupError:
        process.poll()
