"""Data lost when the server, a process that writes answers, or qgis_process is killed."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from qgis.core import QgsProcessingException, QgsVectorLayer

from rsgpt_plugin.core.answer_cache import AnswerCache
from tests.plugin.core.test_answer_cache import writer
from tests.reliability.session import Session, caption, captions, lines, numbered, profile, qgis, scripted_python
from tests.reliability.table import Measured, ReliabilityRow, TrialFolder

# A kill loses the current batch, and at most the previous batch if its replies were not read yet.
BATCH = 4
SLOW = ("--batch", str(BATCH), "--delay", "0.1", "--token-delay", "0.01")
RESTART_S = 5.0
PATIENCE_S = 60.0


@dataclass
class Killer:
    """Kills the latest server at random times, and measures the time until the next server gets a prompt."""

    session: Session
    rng: random.Random
    max_kills: int
    kills: int = 0
    restarts: list[float] = field(default_factory=list)
    has_ended: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        while self.kills < self.max_kills and self._wait_for_prompt():
            self.has_ended.wait(self.rng.uniform(0.0, 0.6))
            with suppress(ProcessLookupError):
                os.kill(self.session.pids()[-1], signal.SIGKILL)
                self.kills += 1
                begin = time.monotonic()
                if self._wait_for_prompt():
                    self.restarts.append(time.monotonic() - begin)

    def _wait_for_prompt(self) -> bool:
        """Wait for the next prompt that reaches an engine. Return False if the run ends first."""
        log = self.session.folder / "asked"
        before = log.stat().st_size if log.exists() else 0
        while not self.has_ended.is_set():
            if log.exists() and log.stat().st_size > before:
                return True
            time.sleep(0.005)
        return False


def killed_servers(trial: TrialFolder) -> Measured:
    """D1: a run continues after its server is killed; if it fails, it is repeated until it is complete."""
    rows, columns, kills = (30, 25, 50) if trial.nightly else (8, 10, 4)
    raster, output = numbered(trial.folder / "raster.tif", rows, columns), trial.folder / "answers.gpkg"
    session = Session(trial.folder / "session", *SLOW)
    killer = Killer(session, trial.random, kills)
    thread = threading.Thread(target=killer.work)
    thread.start()
    runs, is_complete = 0, False
    while not is_complete and runs <= kills:
        runs += 1
        with suppress(QgsProcessingException):
            is_complete = session.describe(raster, output)["ANSWERED"] == rows * columns
    killer.has_ended.set()
    thread.join()
    session.close()
    texts, asked = captions(output), session.asked()
    wrong = sum(text != caption(number) for number, text in enumerate(texts))
    repeated = sum(asked.values()) - len(asked)
    slowest = max(killer.restarts, default=0.0)
    tiles, distinct = rows * columns, len(set(texts))
    text = (
        f"{killer.kills} kills over {tiles} tiles: {len(texts)} rows, lost {tiles - distinct}, duplicate "
        f"{len(texts) - distinct}, wrong {wrong}; asked again {repeated} ({repeated / max(1, killer.kills):.1f} per "
        f"kill); slowest restart {slowest:.1f} s; runs {runs}"
    )
    is_intact = len(texts) == tiles == distinct and not wrong
    held = is_intact and killer.kills == kills and repeated <= 2 * BATCH * kills and slowest < RESTART_S
    return Measured(held, text)


def killed_batches(trial: TrialFolder) -> Measured:
    """D2: `qgis_process` is killed and repeated; the final table equals that of an undisturbed run."""
    qgis()
    rows, columns, kills = (20, 25, 30) if trial.nightly else (6, 8, 2)
    raster = numbered(trial.folder / "raster.tif", rows, columns)
    disturbed, undisturbed = Batch(trial.folder / "disturbed", SLOW), Batch(trial.folder / "calm", ())
    intact, lost, known, busy = 0, 0, set[str](), 0
    for _ in range(kills):
        busy += disturbed.killed(raster, trial.random)
        is_intact, keys = disturbed.cached()
        intact, lost, known = intact + is_intact, lost + len(known - keys), keys
    exit_codes = disturbed.run(raster), undisturbed.run(raster)
    asked = disturbed.asked()
    repeated = len(asked) - len(set(asked))
    is_equal = disturbed.table() == undisturbed.table() and len(undisturbed.table()) == rows * columns
    text = (
        f"{kills} kills, {busy} of them during the run, over {rows * columns} tiles: answers lost {lost}, integrity ok "
        f"{intact} of {kills}, asked again {repeated} ({repeated / max(1, busy):.1f} per kill), table equal to that of "
        f"an undisturbed run: {is_equal}"
    )
    held = not lost and intact == kills and repeated <= 2 * BATCH * busy and is_equal and exit_codes == (0, 0)
    return Measured(held, text)


class Batch:
    """`qgis_process run rsgpt:describeraster` with its own profile."""

    def __init__(self, folder: Path, options: tuple[str, ...]) -> None:
        folder.mkdir()
        self.folder = folder
        self.environment = profile(folder, scripted_python(folder, *options))
        self.output = folder / "answers.gpkg"

    def start(self, raster: Path) -> subprocess.Popen[bytes]:
        command = ["qgis_process", "run", "rsgpt:describeraster", "--", f"INPUT={raster}", "TILE_SIZE=16"]
        null = subprocess.DEVNULL
        return subprocess.Popen([*command, f"OUTPUT={self.output}"], env=self.environment, stdout=null, stderr=null)

    def run(self, raster: Path) -> int:
        return self.start(raster).wait(600)

    def killed(self, raster: Path, rng: random.Random) -> bool:
        """Start the process and kill it within 1.5 seconds after its first prompt, or in a few cases earlier.

        Return False if it had already ended.
        """
        log = self.folder / "asked"
        before = log.stat().st_size if log.exists() else 0
        process = self.start(raster)
        deadline = time.monotonic() + (rng.uniform(0.2, 3.0) if rng.random() < 0.1 else PATIENCE_S)
        while time.monotonic() < deadline and process.poll() is None:
            if log.exists() and log.stat().st_size > before:
                time.sleep(rng.uniform(0.0, 1.5))
                break
            time.sleep(0.01)
        process.kill()
        return process.wait() == -signal.SIGKILL

    def cached(self) -> tuple[bool, set[str]]:
        """Return whether the answer cache is intact, and the keys of its answers."""
        path = self.folder / "home" / "cache" / "answers.sqlite"
        if not path.exists():
            return True, set()
        with closing(sqlite3.connect(path)) as database:
            (verdict,) = database.execute("PRAGMA integrity_check").fetchone()
            has_table = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'answers'").fetchone()
            keys = database.execute("SELECT key FROM answers").fetchall() if has_table else []
        return verdict == "ok", {str(key) for (key,) in keys}

    def table(self) -> list[dict[str, object]]:
        """Return all rows without the column `asked_at`."""
        layer = QgsVectorLayer(str(self.output), "output")
        names = [name for name in layer.fields().names() if name not in ("fid", "asked_at")]
        return [
            {**{name: str(feature[name]) for name in names}, "where": feature.geometry().asWkt()}
            for feature in layer.getFeatures()
        ]

    def asked(self) -> list[str]:
        return lines(self.folder / "asked")


def killed_writers(trial: TrialFolder) -> Measured:
    """D3: a process that writes answers is killed; the answers that it acknowledged are in the cache."""
    path, kills = trial.folder / "answers.sqlite", trial.times(20, 200)
    acknowledged = lost = intact = 0
    for attempt in range(kills):
        process = writer(path, f"try{attempt}", 10**6)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(trial.random.uniform(0.0, 0.15))
        process.kill()
        lines_read = process.stdout.read().split("\n")[:-1]
        process.wait()
        process.stdout.close()
        keys = [f"try{attempt}-{line}" for line in lines_read]
        with AnswerCache(path) as cache:
            lost += len(keys) - len(cache.get(keys))
        with closing(sqlite3.connect(path)) as database:
            intact += database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        acknowledged += len(keys)
    text = f"{kills} kills: {acknowledged} answers acknowledged, {lost} lost, integrity ok {intact} of {kills}"
    return Measured(not lost and intact == kills and acknowledged > 0, text)


ROWS = (
    ReliabilityRow(
        "D1",
        "server killed: 0 tiles lost, duplicate or wrong; at most 2 batches per kill asked again; restart < 5 s",
        killed_servers,
    ),
    ReliabilityRow(
        "D2",
        "qgis_process killed: 0 answers lost, cache intact, at most 2 batches per kill asked again, same table",
        killed_batches,
    ),
    ReliabilityRow(
        "D3", "process that writes answers killed: 0 acknowledged answers lost, integrity ok", killed_writers
    ),
)
