"""QGIS is closed or killed during a run: servers and files that it leaves behind. Runs QGIS on a virtual screen."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

from tests.conftest import ROOT
from tests.plugin.client.server.test_local_server import is_running
from tests.reliability.session import lines, numbered, profile, scripted_python
from tests.reliability.table import Measured, ReliabilityRow, TrialFolder

ORPHAN_S = 5.0
START_S = 120.0
SCREEN = ["xvfb-run", "-a", "-s", "-screen 0 1200x800x24"]
WINDOW = ["qgis", "--nologo", "--noversioncheck", "--skipbadlayers", "--code"]


class ClosedWindow:
    """A QGIS with its own profile that is busy with a run."""

    def __init__(self, folder: Path, close: bool, wait_s: float) -> None:
        folder.mkdir()
        self.folder = folder
        self.busy, self.temporary = folder / "busy", folder / "tmp"
        self.temporary.mkdir()
        program = scripted_python(folder, "--batch", "2", "--delay", "0.2")
        raster = numbered(folder / "raster.tif", 20, 25)
        task = {"raster": str(raster), "output": str(folder / "answers.gpkg"), "busy": str(self.busy)}
        (folder / "task.json").write_text(json.dumps({**task, "close": close, "wait_s": wait_s}), "utf-8")
        own = {"RSGPT_BUSY": str(folder / "task.json"), "TMPDIR": str(self.temporary)}
        environment = {**profile(folder, program), **own}
        environment.pop("QT_QPA_PLATFORM", None)
        command = [*SCREEN, *WINDOW, str(ROOT / "tests" / "reliability" / "in_qgis" / "busy.py")]
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                command, env=environment, stdout=subprocess.DEVNULL, stderr=log, start_new_session=True
            )

    def wait_busy(self) -> int:
        """Wait until QGIS describes tiles, and return its process id."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.busy.exists() and (text := self.busy.read_text("ascii")):
                return int(text)
            time.sleep(0.05)
        raise RuntimeError(f"QGIS did not get busy: {(self.folder / 'log').read_text('utf-8')[-300:]}")

    def ended(self, pid: int) -> float:
        """Return the seconds from the end of QGIS to the end of its server; infinite if the server does not end."""
        deadline = time.monotonic() + START_S
        while is_running(pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        begin = time.monotonic()
        servers = [int(line) for line in lines(self.folder / "pids")]
        while any(is_running(server) for server in servers):
            if time.monotonic() - begin > 4 * ORPHAN_S:
                return float("inf")
            time.sleep(0.02)
        return time.monotonic() - begin

    def leftovers(self) -> list[str]:
        """Return the names of remaining lock files and temporary files of the plugin."""
        locks = [path.name for path in (self.folder / "home").rglob("*.lock")]
        return [*locks, *(path.name for path in self.temporary.rglob("*rsgpt*"))]

    def terminate(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(30)


def closed_and_killed(trial: TrialFolder) -> Measured:
    """Q6: the server ends soon after QGIS is closed or killed; a closed QGIS leaves no lock and no temporary file."""
    times, waits = trial.times(1, 20), {"closed": list[float](), "killed": list[float]()}
    leftovers, errors = [], 0
    for number in range(2 * times):
        ending = "closed" if number % 2 == 0 else "killed"
        wait_s = trial.random.uniform(0.0, 2.0)
        window = ClosedWindow(trial.folder / str(number), ending == "closed", wait_s)
        try:
            pid = window.wait_busy()
            if ending == "killed":
                time.sleep(wait_s)
                os.kill(pid, signal.SIGKILL)
            waits[ending].append(window.ended(pid))
        finally:
            window.terminate()
        leftovers += window.leftovers() if ending == "closed" else []
        errors += (window.folder / "log").read_text("utf-8", "replace").count("Traceback")
    parts = [f"{ending} {len(spans)} times, server ended within {max(spans):.1f} s" for ending, spans in waits.items()]
    is_soon = all(len(spans) == times and max(spans) <= ORPHAN_S for spans in waits.values())
    text = f"{'; '.join(parts)}; left by closing: {len(leftovers)} {leftovers[:3]}; Python errors {errors}"
    return Measured(is_soon and not leftovers and not errors, text)


ROWS = (
    ReliabilityRow(
        "Q6",
        "QGIS closed and killed during a run: server ends within 5 s; closing leaves no lock and no file",
        closed_and_killed,
    ),
)
