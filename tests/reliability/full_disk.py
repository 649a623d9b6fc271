"""A disk that is full in the middle of a run, at ever later moments: a child on a file system of a few kilobytes."""

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
    """One size of the disk. sentence: how the first run failed, "" where it did not.

    silent: tiles that a run which did not fail has not written. kept: answers that the first run left, -1 where they
    cannot be read. known, answered: of the second run, with room.
    """

    kilobytes: int
    sentence: str
    broke: str
    silent: int
    kept: int
    known: int
    answered: int
    rows: int


def child(folder: Path, first: int, count: int) -> None:
    """Print one Moment a line. Runs in a mount namespace of its own."""
    from tests.reliability.session import numbered

    raster = numbered(folder / "raster.tif", *TILES)
    for number in range(first, first + count):
        print(json.dumps(asdict(filled(folder / str(number), raster, FIRST_KB + STEP_KB * number))), flush=True)


def filled(folder: Path, raster: Path, kilobytes: int) -> Moment:
    """Run with too little room, make room, run again."""
    from qgis.core import QgsProcessingException

    from tests.reliability.session import Session, captions

    folder.mkdir()
    mount(folder, f"size={kilobytes}k")
    session = Session(folder / "session", "--batch", "4")
    sentence = broke = ""
    try:
        session.describe(raster, folder / "answers.gpkg")
    except QgsProcessingException as error:
        sentence = str(error)
    except Exception as error:  # what is no sentence is what is looked for
        broke = f"{type(error).__name__}: {error}"
    silent = 0 if sentence or broke else TILES[0] * TILES[1] - len(captions(folder / "answers.gpkg"))
    mount(folder, "remount,size=64m")
    kept = remembered(folder)
    again = session.describe(raster, folder / "answers.gpkg")
    session.close()
    rows = captions(folder / "answers.gpkg")
    subprocess.run(["umount", "-l", str(folder)], check=False)
    return Moment(kilobytes, sentence, broke, silent, kept, again["CACHED"], again["ANSWERED"], len(rows))


def remembered(folder: Path) -> int:
    """How many answers the file holds that the failed run left behind; -1 where it cannot be read."""
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
    """A file system in memory, or other options for the one that is there."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)


def full_disk(trial: TrialFolder) -> Measured:
    """D6: at each moment a sentence with the place and its room; nothing kept is lost; with room, it goes on."""
    from tests.reliability.session import child_environment

    tiles, count = TILES[0] * TILES[1], trial.times(6, MOMENTS)
    first = 0 if trial.nightly else trial.random.randrange(MOMENTS // 2)
    as_root = [] if os.getuid() == 0 else ["--map-root-user", "--user"]
    call = f"from tests.reliability.full_disk import *; child(Path({str(trial.folder)!r}), {first}, {count})"
    command = ["unshare", *as_root, "--mount", sys.executable, "-c", call]
    environment = child_environment()
    told = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    moments = []
    for line in told.stdout.splitlines():
        with suppress(ValueError, TypeError):
            moments.append(Moment(**json.loads(line)))
    failed = [moment for moment in moments if moment.sentence]
    named = sum(str(trial.folder) in moment.sentence and "MB are free" in moment.sentence for moment in failed)
    lost = sum(moment.kept < 0 or moment.known < moment.kept for moment in moments)
    resumed = sum(moment.answered == moment.rows == tiles for moment in moments)
    silent = [moment.kilobytes for moment in moments if moment.silent]
    broke = [moment.broke for moment in moments if moment.broke]
    said = (
        f"{len(moments)} of {count} disks of {FIRST_KB + STEP_KB * first} kB and more: {len(failed)} runs ended with a "
        f"sentence, {named} name place and room; no sentence {len(broke)} {broke[:1]}; rows lost without "
        f"a word at {silent} kB; kept answers {sum(moment.kept for moment in moments)}, lost {lost}; gone on with "
        f"{resumed}; exit code {told.returncode}"
    )
    fine = len(moments) == count == resumed and not (broke or lost or silent) and named == len(failed) > 0
    return Measured(fine and told.returncode == 0, said if moments else f"{said} {told.stderr[-300:]}")


ROWS = (
    ReliabilityRow(
        "D6", "disk full at 40 moments: a sentence with place and room, no kept answer lost, it goes on", full_disk
    ),
)
