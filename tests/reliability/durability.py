"""Data lost when the server, a process that writes answers, or qgis_process is killed."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from qgis.core import QgsProcessingException, QgsVectorLayer

from rsgpt_plugin.client.installed_models import DEFAULT_MODEL, model_identity
from rsgpt_plugin.core.answer_cache import AnswerCache
from rsgpt_plugin.shared.files import search_index
from rsgpt_plugin.shared.objects.found_points import FoundPoint
from rsgpt_plugin.shared.objects.found_text import FoundInPicture, found_text
from rsgpt_plugin.shared.objects.search_grid import search_grid
from rsgpt_plugin.shared.rasters.tiles import PixelGrid
from tests.plugin.core.test_answer_cache import writer
from tests.plugin.rasters import NORTH_UP
from tests.reliability.session import SIDE, Session, caption, captions, lines, numbered, profile, qgis, scripted_python
from tests.reliability.table import Measured, ReliabilityRow, TrialFolder

# A kill loses the current batch, and at most the previous batch if its replies were not read yet.
BATCH = 4
SLOW = ("--batch", str(BATCH), "--delay", "0.1", "--token-delay", "0.01")
RESTART_S = 5.0
PATIENCE_S = 60.0


@dataclass(frozen=True)
class KeptRows:
    """A table of an SQLite file in the data folder, which keeps what a model answered.

    batch: rows per transaction, or those of a batch of the server if each is stored at once.
    """

    file: str
    table: str
    key: str
    batch: int

    def content(self, home: Path) -> tuple[bool, set[str]]:
        """Return whether the file is intact, and the keys of its rows."""
        path = home / self.file
        if not path.exists():
            return True, set()
        with closing(sqlite3.connect(path)) as database:
            (verdict,) = database.execute("PRAGMA integrity_check").fetchone()
            exists = database.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (self.table,)).fetchone()
            keys = database.execute(f"SELECT {self.key} FROM {self.table}").fetchall() if exists else []
        return verdict == "ok", {str(key) for (key,) in keys}


ANSWERS = KeptRows("cache/answers.sqlite", "answers", "key", BATCH)
INDEX_ROWS = KeptRows(search_index.FILE, "pictures", "picture", search_index.BATCH)


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
    """D2: `qgis_process` is killed while it describes tiles, and repeated."""
    rows, columns, kills = (20, 25, 30) if trial.nightly else (6, 8, 2)
    raster = numbered(trial.folder / "raster.tif", rows, columns)
    return _repeated_kills(trial, kills, raster, ("rsgpt:describeraster", "TILE_SIZE=16"), rows * columns)


def killed_searches(trial: TrialFolder) -> Measured:
    """D9: `qgis_process` is killed while it finds objects, of which each window has one, and repeated."""
    rows, columns, kills = (120, 170, 20) if trial.nightly else (94, 125, 2)
    raster = numbered(trial.folder / "raster.tif", rows, columns)
    # Too small to count in the large windows.
    plane = FoundPoint(240, 240, 0.9, (235, 235, 10, 10))
    script = {"replies": {"find_window": found_text(FoundInPicture(480, 480, {"airplane": [plane]}))}}
    return _repeated_kills(trial, kills, raster, ("rsgpt:findobjects",), _small_windows(rows, columns), script)


def killed_indexing(trial: TrialFolder) -> Measured:
    """D10: `qgis_process` is killed while it indexes the tiles of a search, and repeated."""
    rows, columns, kills = (50, 50, 20) if trial.nightly else (10, 20, 2)
    raster = numbered(trial.folder / "raster.tif", rows, columns)
    abilities = model_identity(DEFAULT_MODEL).classifier
    if abilities is None:
        raise RuntimeError("The default model has no classifier.")
    script = {"index_width": 2 + len(abilities.things) + len(abilities.kinds)}
    command = ("rsgpt:search", f"TILE_SIZE={SIDE}", "QUERY=gray")
    return _repeated_kills(trial, kills, raster, command, rows * columns, script, INDEX_ROWS)


def _small_windows(rows: int, columns: int) -> int:
    """Return the number of small windows whose center is on the raster, which is that of the objects."""
    frame = PixelGrid(NORTH_UP, SIDE * columns, SIDE * rows)
    grid = search_grid(frame, 640)
    centers = [
        (core.x + core.width / 2, core.y + core.height / 2)
        for core in (grid.core(number) for number in range(len(grid)) if grid.scale(number) == 1)
    ]
    return sum(0 <= x < frame.width and 0 <= y < frame.height for x, y in centers)


def _repeated_kills(
    trial: TrialFolder,
    kills: int,
    raster: Path,
    command: tuple[str, ...],
    rows: int,
    script: Mapping[str, object] | None = None,
    store: KeptRows = ANSWERS,
) -> Measured:
    """Kill `qgis_process` and repeat it; the final table must equal that of an undisturbed run, with so many rows."""
    qgis()
    scripted = ("--script", json.dumps(script)) if script else ()
    disturbed = Batch(trial.folder / "disturbed", (*SLOW, *scripted), command)
    undisturbed = Batch(trial.folder / "calm", scripted, command)
    intact, lost, known, busy = 0, 0, set[str](), 0
    for _ in range(kills):
        busy += disturbed.killed(raster, trial.random)
        is_intact, keys = store.content(disturbed.folder / "home")
        intact, lost, known = intact + is_intact, lost + len(known - keys), keys
    exit_codes = disturbed.run(raster), undisturbed.run(raster)
    repeated = len(disturbed.asked()) - len(undisturbed.asked())
    is_equal = disturbed.table() == undisturbed.table() and len(undisturbed.table()) == rows
    text = (
        f"{kills} kills, {busy} of them during the run, over {rows} rows: answers lost {lost}, integrity ok "
        f"{intact} of {kills}, asked again {repeated} ({repeated / max(1, busy):.1f} per kill), table equal to that of "
        f"an undisturbed run: {is_equal}"
    )
    is_little = repeated <= (store.batch + BATCH) * busy
    held = not lost and intact == kills and is_little and is_equal and exit_codes == (0, 0)
    return Measured(held, text)


class Batch:
    """`qgis_process run` with its own profile. command: an algorithm and its parameters, without INPUT and OUTPUT."""

    def __init__(self, folder: Path, options: tuple[str, ...], command: tuple[str, ...]) -> None:
        folder.mkdir()
        self.folder = folder
        self.command = command
        self.environment = profile(folder, scripted_python(folder, *options))
        self.output = folder / "answers.gpkg"

    def start(self, raster: Path) -> subprocess.Popen[bytes]:
        algorithm, *parameters = self.command
        command = ["qgis_process", "run", algorithm, "--", f"INPUT={raster}", *parameters, f"OUTPUT={self.output}"]
        null = subprocess.DEVNULL
        return subprocess.Popen(command, env=self.environment, stdout=null, stderr=null)

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
        "D9",
        "qgis_process killed while it finds objects: as D2, and each object once",
        killed_searches,
    ),
    ReliabilityRow(
        "D10",
        "qgis_process killed while it indexes tiles: as D2, at most 36 pictures per kill asked again",
        killed_indexing,
    ),
    ReliabilityRow(
        "D3", "process that writes answers killed: 0 acknowledged answers lost, integrity ok", killed_writers
    ),
)
