"""QGIS is closed or killed in the middle of a run: what it leaves behind. Needs QGIS's window, on a virtual screen."""

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
    """One QGIS that is busy with a run, in a profile of its own."""

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
        """QGIS's process, once it describes tiles."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.busy.exists() and (text := self.busy.read_text("ascii")):
                return int(text)
            time.sleep(0.05)
        raise RuntimeError(f"QGIS did not get busy: {(self.folder / 'log').read_text('utf-8')[-300:]}")

    def ended(self, pid: int) -> float:
        """Seconds from the end of QGIS to the end of its server; infinite where that stays."""
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

    def left(self) -> list[str]:
        """Locks of the plugin's, and temporary files that bear its name."""
        locks = [path.name for path in (self.folder / "home").rglob("*.lock")]
        return [*locks, *(path.name for path in self.temporary.rglob("*rsgpt*"))]

    def put_away(self) -> None:
        """End the screen and what may still be on it."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(30)


def closed_and_killed(trial: TrialFolder) -> Measured:
    """Q6: the server is gone soon after QGIS, however that ends; closed in good order it leaves no lock and no file."""
    times, waits = trial.times(1, 20), {"closed": list[float](), "killed": list[float]()}
    left, errors = [], 0
    for number in range(2 * times):
        how = "closed" if number % 2 == 0 else "killed"
        wait_s = trial.random.uniform(0.0, 2.0)
        window = ClosedWindow(trial.folder / str(number), how == "closed", wait_s)
        try:
            pid = window.wait_busy()
            if how == "killed":
                time.sleep(wait_s)
                os.kill(pid, signal.SIGKILL)
            waits[how].append(window.ended(pid))
        finally:
            window.put_away()
        left += window.left() if how == "closed" else []
        errors += (window.folder / "log").read_text("utf-8", "replace").count("Traceback")
    told = [f"{how} {len(spans)} times, server gone in {max(spans):.1f} s at most" for how, spans in waits.items()]
    said = "; ".join(told)
    fine = all(len(spans) == times and max(spans) <= ORPHAN_S for spans in waits.values()) and not left and not errors
    return Measured(fine, f"{said}; left by closing: {len(left)} {left[:3]}; Python errors {errors}")


ROWS = (
    ReliabilityRow(
        "Q6",
        "QGIS closed and killed while busy: server gone <= 5 s, no lock or file left by closing",
        closed_and_killed,
    ),
)
