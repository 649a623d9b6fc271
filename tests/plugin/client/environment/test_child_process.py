"""Child processes: environment, output and termination."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rsgpt_plugin.client.environment import child_process
from rsgpt_plugin.errors import Cancelled


def test_clean_environment_drops_variables_of_qgis(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "PYTHONHOME",
        "PYTHONPATH",
        "PROJ_DATA",
        "GDAL_DATA",
        "QT_PLUGIN_PATH",
        "LD_LIBRARY_PATH",
        "PIP_TARGET",
    ):
        monkeypatch.setenv(name, "/qgis")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:1")
    environment = child_process.clean_environment({"EXTRA": "1"})
    assert "/qgis" not in environment.values()
    assert (environment["HTTPS_PROXY"], environment["EXTRA"]) == ("http://proxy.example:1", "1")


def test_run_returns_the_lines_of_both_streams(tmp_path: Path) -> None:
    lines: list[str] = []
    program = "import sys; print('out', flush=True); print('err', file=sys.stderr); sys.exit(3)"
    assert child_process.run([sys.executable, "-c", program], tmp_path, say=lines.append) == (3, ["out", "err"])
    assert lines == ["out", "err"]


def test_cancel_ends_the_process_and_its_children(tmp_path: Path) -> None:
    program = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    lines: list[str] = []
    begin = time.monotonic()
    with pytest.raises(Cancelled):
        child_process.run([sys.executable, "-c", program], tmp_path, say=lines.append, is_cancelled=lambda: bool(lines))
    assert time.monotonic() - begin < 3
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline and is_running(int(lines[0])):
        time.sleep(0.05)
    assert not is_running(int(lines[0]))


def is_running(pid: int) -> bool:
    """Return whether a process runs; a zombie does not."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    program = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('x', flush=True); time.sleep(60)"
    )
    process = child_process.start([sys.executable, "-c", program], dict(os.environ), tmp_path, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    child_process.end(process, patience_s=0.2)
    assert process.returncode == -9
    process.stdout.close()
