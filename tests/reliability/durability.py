"""What a kill costs: of the server in the middle of a run, of whoever writes answers, of QGIS's own batch."""

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

# A kill costs the batch under way, and at most the one before it, whose replies were not read yet.
BATCH = 4
SLOW = ("--batch", str(BATCH), "--delay", "0.1", "--token-delay", "0.01")
RESTART_S = 5.0
PATIENCE_S = 60.0


@dataclass
class Killer:
    """Kills the latest server at moments spread over its life, and sees how soon the next one is asked something."""

    session: Session
    rng: random.Random
    wanted: int
    kills: int = 0
    restarts: list[float] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        """Until so many are killed, or the run is over."""
        while self.kills < self.wanted and self._sees_work():
            self.over.wait(self.rng.uniform(0.0, 0.6))
            with suppress(ProcessLookupError):
                os.kill(self.session.pids()[-1], signal.SIGKILL)
                self.kills += 1
                begin = time.monotonic()
                if self._sees_work():
                    self.restarts.append(time.monotonic() - begin)

    def _sees_work(self) -> bool:
        """Wait for the next question that reaches an engine."""
        log = self.session.folder / "asked"
        before = log.stat().st_size if log.exists() else 0
        while not self.over.is_set():
            if log.exists() and log.stat().st_size > before:
                return True
            time.sleep(0.005)
        return False


def killed_servers(trial: TrialFolder) -> Measured:
    """D1: a run goes on over dead servers; where it gives up it is run again, until it is whole."""
    rows, columns, kills = (30, 25, 50) if trial.nightly else (8, 10, 4)
    raster, output = numbered(trial.folder / "raster.tif", rows, columns), trial.folder / "answers.gpkg"
    session = Session(trial.folder / "session", *SLOW)
    killer = Killer(session, trial.random, kills)
    thread = threading.Thread(target=killer.work)
    thread.start()
    runs, ended = 0, False
    while not ended and runs <= kills:
        runs += 1
        with suppress(QgsProcessingException):
            ended = session.describe(raster, output)["ANSWERED"] == rows * columns
    killer.over.set()
    thread.join()
    session.close()
    told, asked = captions(output), session.asked()
    wrong = sum(text != caption(number) for number, text in enumerate(told))
    repeated = sum(asked.values()) - len(asked)
    slowest = max(killer.restarts, default=0.0)
    tiles, distinct = rows * columns, len(set(told))
    said = (
        f"{killer.kills} kills over {tiles} tiles: {len(told)} rows, lost {tiles - distinct}, doubled "
        f"{len(told) - distinct}, wrong {wrong}; asked again {repeated} ({repeated / max(1, killer.kills):.1f} a "
        f"kill); slowest restart {slowest:.1f} s; runs {runs}"
    )
    whole = len(told) == rows * columns == len(set(told)) and not wrong
    fine = whole and killer.kills == kills and repeated <= 2 * BATCH * kills and slowest < RESTART_S
    return Measured(fine, said)


def killed_batches(trial: TrialFolder) -> Measured:
    """D2: `qgis_process` is killed, and run again; in the end its table is that of a run that nobody disturbed."""
    qgis()
    rows, columns, kills = (20, 25, 30) if trial.nightly else (6, 8, 2)
    raster = numbered(trial.folder / "raster.tif", rows, columns)
    disturbed, calm = Batch(trial.folder / "disturbed", SLOW), Batch(trial.folder / "calm", ())
    intact, lost, known, busy = 0, 0, set[str](), 0
    for _ in range(kills):
        busy += disturbed.killed(raster, trial.random)
        whole, keys = disturbed.remembered()
        intact, lost, known = intact + whole, lost + len(known - keys), keys
    outcome = disturbed.run(raster), calm.run(raster)
    asked = disturbed.asked()
    repeated = len(asked) - len(set(asked))
    equal = disturbed.table() == calm.table() and len(calm.table()) == rows * columns
    said = (
        f"{kills} kills, {busy} of them while it ran, over {rows * columns} tiles: answers lost {lost}, integrity ok "
        f"{intact} of {kills}, asked again {repeated} ({repeated / max(1, busy):.1f} a kill), table equal to an "
        f"undisturbed one: {equal}"
    )
    fine = not lost and intact == kills and repeated <= 2 * BATCH * busy and equal and outcome == (0, 0)
    return Measured(fine, said)


class Batch:
    """`qgis_process run rsgpt:describeraster` in a profile of its own."""

    def __init__(self, folder: Path, options: tuple[str, ...]) -> None:
        folder.mkdir()
        self.folder = folder
        self.environment = profile(folder, scripted_python(folder, *options))
        self.output = folder / "answers.gpkg"

    def start(self, raster: Path) -> subprocess.Popen[bytes]:
        """Begin; its words go nowhere."""
        command = ["qgis_process", "run", "rsgpt:describeraster", "--", f"INPUT={raster}", "TILE_SIZE=16"]
        nowhere = subprocess.DEVNULL
        return subprocess.Popen(
            [*command, f"OUTPUT={self.output}"], env=self.environment, stdout=nowhere, stderr=nowhere
        )

    def run(self, raster: Path) -> int:
        """To its end; the exit code."""
        return self.start(raster).wait(600)

    def killed(self, raster: Path, rng: random.Random) -> bool:
        """Begin, and kill it within a second and a half of its first question; now and then before that.

        False where it had come to its end by then.
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

    def remembered(self) -> tuple[bool, set[str]]:
        """Whether the file of answers is whole, and which answers it holds."""
        path = self.folder / "home" / "cache" / "answers.sqlite"
        if not path.exists():
            return True, set()
        with closing(sqlite3.connect(path)) as database:
            (verdict,) = database.execute("PRAGMA integrity_check").fetchone()
            has_table = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'answers'").fetchone()
            keys = database.execute("SELECT key FROM answers").fetchall() if has_table else []
        return verdict == "ok", {str(key) for (key,) in keys}

    def table(self) -> list[dict[str, object]]:
        """All rows, but for when they were asked."""
        layer = QgsVectorLayer(str(self.output), "output")
        names = [name for name in layer.fields().names() if name not in ("fid", "asked_at")]
        return [
            {**{name: str(feature[name]) for name in names}, "where": feature.geometry().asWkt()}
            for feature in layer.getFeatures()
        ]

    def asked(self) -> list[str]:
        """Each question that reached an engine."""
        return lines(self.folder / "asked")


def killed_writers(trial: TrialFolder) -> Measured:
    """D3: a writer of answers is killed; what it had said to be written is there."""
    path, kills = trial.folder / "answers.sqlite", trial.times(20, 200)
    told = lost = intact = 0
    for attempt in range(kills):
        process = writer(path, f"try{attempt}", 10**6)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(trial.random.uniform(0.0, 0.15))
        process.kill()
        said = process.stdout.read().split("\n")[:-1]
        process.wait()
        process.stdout.close()
        keys = [f"try{attempt}-{line}" for line in said]
        with AnswerCache(path) as cache:
            lost += len(keys) - len(cache.get(keys))
        with closing(sqlite3.connect(path)) as database:
            intact += database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        told += len(keys)
    said_all = f"{kills} kills: {told} answers acknowledged, {lost} lost, integrity ok {intact} of {kills}"
    return Measured(not lost and intact == kills and told > 0, said_all)


ROWS = (
    ReliabilityRow(
        "D1",
        "server killed: 0 tiles lost, doubled, wrong; 2 batches a kill asked again at most; restart < 5 s",
        killed_servers,
    ),
    ReliabilityRow(
        "D2",
        "qgis_process killed: 0 answers lost, file whole, 2 batches a kill asked again at most, same table",
        killed_batches,
    ),
    ReliabilityRow("D3", "writer of answers killed: 0 acknowledged lost, integrity ok", killed_writers),
)
