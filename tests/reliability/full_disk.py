"""A disk that becomes full during a run: child processes on file systems of increasing small sizes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.conftest import ROOT
from tests.reliability.table import Measured, ReliabilityRow, TrialFolder

TILES = (4, 10)
FIRST_KB, STEP_KB, MOMENTS = 200, 32, 40


@dataclass(frozen=True)
class Moment:
    """The result for one size of the disk.

    message: error message of the first run, "" if it did not fail. broke: its unexpected error, "" for none. silent:
    missing rows, if it did not fail. cached_count: answers in its cache, -1 if the cache cannot be read. reused,
    answered, rows: cached answers, answered tiles and rows of the second run, with enough disk space.
    """

    kilobytes: int
    message: str
    broke: str
    silent: int
    cached_count: int
    reused: int
    answered: int
    rows: int


def child(folder: Path, first: int, count: int) -> None:
    """Print one Moment per line, as JSON. Runs in a separate mount namespace."""
    from tests.reliability.session import numbered

    raster = numbered(folder / "raster.tif", *TILES)
    for number in range(first, first + count):
        print(json.dumps(asdict(filled(folder / str(number), raster, FIRST_KB + STEP_KB * number))), flush=True)


def filled(folder: Path, raster: Path, kilobytes: int) -> Moment:
    """Run with too little disk space, enlarge the disk, and run again."""
    from qgis.core import QgsProcessingException

    from tests.reliability.session import Session, captions

    folder.mkdir()
    mount(folder, f"size={kilobytes}k")
    session = Session(folder / "session", "--batch", "4")
    message = broke = ""
    try:
        session.describe(raster, folder / "answers.gpkg")
    except QgsProcessingException as error:
        message = str(error)
    except Exception as error:  # any error without a message for the user is counted
        broke = f"{type(error).__name__}: {error}"
    silent = 0 if message or broke else TILES[0] * TILES[1] - len(captions(folder / "answers.gpkg"))
    mount(folder, "remount,size=64m")
    cached_count = cached(folder)
    again = session.describe(raster, folder / "answers.gpkg")
    session.close()
    rows = captions(folder / "answers.gpkg")
    subprocess.run(["umount", "-l", str(folder)], check=False)
    return Moment(kilobytes, message, broke, silent, cached_count, again["CACHED"], again["ANSWERED"], len(rows))


def cached(folder: Path) -> int:
    """Return the number of answers that the first run cached; -1 if the cache cannot be read."""
    from rsgpt_plugin.core.answer_cache import SCHEMA
    from rsgpt_plugin.core.database import Database
    from rsgpt_plugin.errors import OutputError

    path = folder / "session" / "home" / "cache" / "answers.sqlite"
    if not path.exists():
        return 0
    try:
        database = Database(path, "answers", SCHEMA)
    except OutputError:
        return -1
    (count,) = database.read("SELECT count(*) FROM answers")[0]
    database.close()
    return int(count)


def mount(folder: Path, options: str) -> None:
    """Mount a file system in memory, or change the options of a mounted file system."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)


def full_disk(trial: TrialFolder) -> Measured:
    """D6: a message names the path and the free space; cached answers are not lost; with space, the run resumes."""
    from tests.reliability.session import child_environment

    tiles, count = TILES[0] * TILES[1], trial.times(6, MOMENTS)
    first = 0 if trial.nightly else trial.random.randrange(MOMENTS // 2)
    as_root = [] if os.getuid() == 0 else ["--map-root-user", "--user"]
    call = f"from tests.reliability.full_disk import *; child(Path({str(trial.folder)!r}), {first}, {count})"
    command = ["unshare", *as_root, "--mount", sys.executable, "-c", call]
    environment = child_environment()
    process = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    moments = []
    for line in process.stdout.splitlines():
        with suppress(ValueError, TypeError):
            moments.append(Moment(**json.loads(line)))
    failed = [moment for moment in moments if moment.message]
    named = sum(str(trial.folder) in moment.message and "MB are free" in moment.message for moment in failed)
    lost = sum(moment.cached_count < 0 or moment.reused < moment.cached_count for moment in moments)
    resumed = sum(moment.answered == moment.rows == tiles for moment in moments)
    silent = [moment.kilobytes for moment in moments if moment.silent]
    broke = [moment.broke for moment in moments if moment.broke]
    text = (
        f"{len(moments)} of {count} disks of {FIRST_KB + STEP_KB * first} kB and more: {len(failed)} runs failed with "
        f"a message, {named} with path and free space; without a message {len(broke)} {broke[:1]}; rows lost without "
        f"a message at {silent} kB; cached answers {sum(moment.cached_count for moment in moments)}, lost {lost}; "
        f"resumed {resumed}; exit code {process.returncode}"
    )
    held = len(moments) == count == resumed and not (broke or lost or silent) and named == len(failed) > 0
    return Measured(held and process.returncode == 0, text if moments else f"{text} {process.stderr[-300:]}")


ROWS = (
    ReliabilityRow(
        "D6",
        "disk full at 40 moments: a message with path and free space, 0 cached answers lost, the run resumes",
        full_disk,
    ),
)
