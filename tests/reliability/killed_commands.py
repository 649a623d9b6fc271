"""Commands that are killed while they find objects and while they index pictures, with models of random weights."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyogrio

from rsgpt_backend.batch.batch_run import journal_path
from rsgpt_backend.model.weights import save_model
from rsgpt_plugin.shared.files.search_index import FILE
from tests.backend.batch.rasters import numbered, write
from tests.backend.toy import make_config, make_finder_folder, make_language, make_model, picture
from tests.conftest import ROOT
from tests.reliability.table import Measured, ReliabilityRow, TrialFolder

WINDOWS_PER_BATCH = 8  # that a killed run searches again
PICTURES_PER_BATCH = 32  # that a killed command reads again
PATIENCE_S = 120.0


@dataclass
class KilledCommand:
    """A command of `rsgpt` in a data folder of its own. stored: counts what it has stored."""

    home: Path
    arguments: list[str]
    stored: Callable[[], int]

    def start(self) -> subprocess.Popen[str]:
        environment = {**os.environ, "RSGPT_HOME": str(self.home), "PYTHONPATH": str(ROOT / "backend")}
        command = [sys.executable, "-m", "rsgpt_backend", *self.arguments]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
        return subprocess.Popen(command, env=environment, **pipes)

    def killed(self, rng: random.Random) -> bool:
        """Kill the command soon after it has stored something. Return False if it had already ended."""
        before, deadline = self.stored(), time.monotonic() + PATIENCE_S
        with self.start() as process:
            while process.poll() is None and self.stored() == before and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(rng.uniform(0.0, 0.3))
            process.kill()
        return process.returncode == -signal.SIGKILL

    def output(self) -> dict[str, Any]:
        """Run the command to its end and return its JSON output."""
        with self.start() as process:
            text, _ = process.communicate()
        if process.returncode:
            raise RuntimeError(f"{self.arguments} ended with {process.returncode}")
        return dict(json.loads(text))


def killed_find(trial: TrialFolder) -> Measured:
    """D7: `rsgpt batch --find` is killed and repeated; the objects are those of an undisturbed run."""
    kills = trial.times(2, 20)
    folder = trial.folder
    model = make_finder_folder(folder / "model", thresholds=(0.01, 0.01))
    raster = write(folder / "raster.tif", numbered(20 * 48, trial.times(10, 100) * 48, 32))
    out, undisturbed = folder / "a.gpkg", folder / "b.gpkg"

    def arguments(path: Path) -> list[str]:
        find = ["--find", "airplane", "--find", "car"]
        return ["batch", str(raster), *find, "--out", str(path), "--model", str(model), "--json"]

    command = KilledCommand(folder / "home", arguments(out), lambda: rows(journal_path(out), "tiles"))
    lost, busy, known = 0, 0, 0
    for _ in range(kills):
        busy += command.killed(trial.random)
        lost, known = lost + max(0, known - command.stored()), command.stored()
    resumed = command.output()
    whole = KilledCommand(folder / "home", arguments(undisturbed), lambda: 0).output()
    is_equal = objects(out) == objects(undisturbed)
    again = known - resumed["cached"]
    text = (
        f"{busy} kills over {resumed['windows']} windows: stored windows lost {lost}, searched again {again}; objects "
        f"{len(objects(out))}, as in an undisturbed run: {is_equal and resumed['objects'] == whole['objects']}"
    )
    held = busy == kills and not lost and again <= 0 and is_equal and resumed["objects"] == whole["objects"]
    return Measured(held and bool(objects(out)), text)


def killed_indexing(trial: TrialFolder) -> Measured:
    """D8: `rsgpt search` is killed while it indexes; what it stored stays, and the results are the same."""
    kills = trial.times(2, 20)
    folder = trial.folder
    make_language(folder / "model" / "language")
    config = replace(make_config(folder / "model" / "language"), matching_width=16)
    save_model(make_model(config), folder / "model")
    (folder / "pictures").mkdir()
    count = PICTURES_PER_BATCH * (kills + 2)
    for number in range(count):
        picture(number).save(folder / "pictures" / f"{number}.png")
    words = ["search", str(folder / "pictures"), "--query", "gray", "--model", str(folder / "model"), "--json"]
    home = folder / "home"
    command = KilledCommand(home, words, lambda: rows(home / FILE, "pictures"))
    lost, busy, known = 0, 0, 0
    for _ in range(kills):
        busy += command.killed(trial.random)
        lost, known = lost + max(0, known - command.stored()), command.stored()
    is_equal = command.output() == KilledCommand(folder / "calm", words, lambda: 0).output()
    text = (
        f"{busy} kills over {count} pictures: stored pictures lost {lost}; pictures in the index {command.stored()}; "
        f"results as in an undisturbed search: {is_equal}"
    )
    return Measured(busy == kills and not lost and is_equal and command.stored() == count, text)


def rows(database: Path, table: str) -> int:
    """Return the number of rows of a table that another process may write."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    return 0


def objects(path: Path) -> list[tuple[Any, ...]]:
    """Return place, name and confidence of all objects of a layer."""
    table = pyogrio.read_arrow(path)[1]
    return sorted(zip(*(table[name].to_pylist() for name in ("geom", "object", "confidence")), strict=True))


ROWS = (
    ReliabilityRow(
        "D7", "`rsgpt batch --find` killed: 0 windows lost, the same objects as an undisturbed run", killed_find
    ),
    ReliabilityRow("D8", "`rsgpt search` killed: 0 indexed pictures lost, the same results", killed_indexing),
)
