"""The journal: missing tiles and results, after failures, kills and with other versions."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from rsgpt_backend.batch.journal import BatchJournal, TileJob, TileResult
from rsgpt_backend.errors import DataError
from rsgpt_plugin.shared.answers.typed_answers import RawAnswer
from tests.layout.source import ROOT

YES = RawAnswer("yes", 0.9, asked_at="2026-01-01T00:00:00.000+00:00")
WRONG = RawAnswer("", 0.0, problem="The model failed.")

OLD_SCHEMA = """
CREATE TABLE rasters (id INTEGER PRIMARY KEY, plan TEXT NOT NULL UNIQUE);
CREATE TABLE prompts (id INTEGER PRIMARY KEY, asked TEXT NOT NULL UNIQUE);
CREATE TABLE tiles (
    raster INTEGER NOT NULL, tile INTEGER NOT NULL, image_sha256 TEXT NOT NULL, gsd_m REAL, skipped TEXT NOT NULL,
    failed TEXT NOT NULL, PRIMARY KEY (raster, tile)) WITHOUT ROWID;
CREATE TABLE answers (
    image_sha256 TEXT NOT NULL, prompt INTEGER NOT NULL, text TEXT NOT NULL, confidence REAL NOT NULL,
    degenerate INTEGER NOT NULL, asked_at TEXT NOT NULL, problem TEXT NOT NULL, {is_cut}
    PRIMARY KEY (image_sha256, prompt)) WITHOUT ROWID;
"""


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[BatchJournal]:
    with BatchJournal(tmp_path / "a.journal") as opened:
        yield opened


def missing(journal: BatchJournal, prompts: list[int], tiles: range = range(4)) -> list[TileJob]:
    return list(journal.missing(1, tiles, prompts))


def test_all_tiles_are_missing_at_first(journal: BatchJournal) -> None:
    assert missing(journal, [1, 2]) == [TileJob(1, tile, (1, 2)) for tile in range(4)]


def test_answered_prompts_are_not_missing(journal: BatchJournal) -> None:
    journal.add([TileResult(1, 0, "a", 0.5, answers={1: YES, 2: YES}), TileResult(1, 2, "b", 0.5, answers={1: YES})])
    assert missing(journal, [1, 2]) == [TileJob(1, 1, (1, 2)), TileJob(1, 2, (2,)), TileJob(1, 3, (1, 2))]
    assert missing(journal, [1], range(1)) == []
    assert missing(journal, [3], range(1)) == [TileJob(1, 0, (3,))]
    assert len(list(journal.missing(2, range(4), [1]))) == 4


def test_failed_tiles_are_missing_and_skipped_tiles_are_not(journal: BatchJournal) -> None:
    failed, skipped = TileResult(1, 0, failed="unreadable"), TileResult(1, 1, "a", 0.5, "no valid pixel here")
    journal.add([failed, skipped, TileResult(1, 2, "b", 0.5, answers={1: WRONG})])
    assert [job.tile for job in missing(journal, [1])] == [0, 2, 3]
    assert list(journal.results(1, range(4), [1])) == [
        [failed, skipped, TileResult(1, 2, "b", 0.5, answers={1: WRONG})]
    ]


def test_a_job_lists_the_prompts_that_failed_before(journal: BatchJournal) -> None:
    journal.add([TileResult(1, 0, failed="unreadable"), TileResult(1, 1, "b", 0.5, answers={1: WRONG, 2: YES})])
    assert missing(journal, [1, 2, 3], range(2)) == [TileJob(1, 0, (1, 2, 3)), TileJob(1, 1, (1, 3), failed=(1,))]


def test_a_later_result_replaces_an_earlier_one(journal: BatchJournal) -> None:
    journal.add([TileResult(1, 0, failed="unreadable")])
    journal.add([TileResult(1, 0, "a", 0.5, answers={1: WRONG})])
    journal.add([TileResult(1, 0, "a", 0.5, answers={1: YES})])
    assert list(journal.results(1, range(1), [1])) == [[TileResult(1, 0, "a", 0.5, answers={1: YES})]]


def test_equal_pictures_share_their_answers(journal: BatchJournal) -> None:
    journal.add([TileResult(1, 0, "a", 0.5, answers={1: YES}), TileResult(2, 7, "a", 0.4)])
    assert journal.answers(TileResult(2, 7, "a", 0.4), [1, 2]) == {1: YES}
    assert list(journal.results(2, range(8), [1])) == [[TileResult(2, 7, "a", 0.4, answers={1: YES})]]


def test_equal_pictures_of_other_resolution_do_not_share_them_if_the_model_reads_it(tmp_path: Path) -> None:
    near, far, unknown = (TileResult(1, tile, "a", gsd_m) for tile, gsd_m in enumerate((0.5, 10.0, None)))
    with BatchJournal(tmp_path / "a.journal", reads_gsd=True) as journal:
        journal.add([replace(near, answers={1: YES}), far, unknown])
        assert journal.answers(replace(near, gsd_m=0.5000001), [1]) == {1: YES}
        assert journal.answers(far, [1]) == journal.answers(unknown, [1]) == {}
        assert [job.tile for job in missing(journal, [1], range(3))] == [1, 2]
        journal.add([replace(unknown, answers={1: WRONG})])
        assert list(journal.results(1, range(3), [1])) == [
            [replace(near, answers={1: YES}), far, replace(unknown, answers={1: WRONG})]
        ]


def test_results_come_in_the_order_of_the_tiles(journal: BatchJournal) -> None:
    tiles = range(0, 20_000, 2)
    journal.add([TileResult(1, tile, str(tile), 0.5, answers={1: YES}) for tile in reversed(range(0, 20_000, 3))])
    pages = list(journal.results(1, tiles, [1]))
    assert len(pages) > 1
    assert [result.tile for page in pages for result in page] == list(range(0, 20_000, 6))
    assert len(missing(journal, [1], tiles)) == len(tiles) - len(range(0, 20_000, 6))


def test_rasters_and_prompts_keep_their_numbers(tmp_path: Path) -> None:
    with BatchJournal(tmp_path / "a.journal") as journal:
        first = [journal.raster("a"), journal.raster("b"), journal.prompt("a")]
    with BatchJournal(tmp_path / "a.journal") as journal:
        assert [journal.raster("a"), journal.raster("b"), journal.prompt("a")] == first
        assert journal.raster("c") not in first[:2]


def test_added_results_survive_a_kill(tmp_path: Path) -> None:
    """A process adds tiles one by one, prints their numbers, and is killed: the printed tiles are complete."""
    program = (
        "import sys\nfrom pathlib import Path\nfrom rsgpt_plugin.shared.answers.typed_answers import RawAnswer\n"
        "from rsgpt_backend.batch.journal import BatchJournal, TileResult\njournal = BatchJournal(Path(sys.argv[1]))\n"
        "for tile in range(10**6):\n"
        "    journal.add([TileResult(1, tile, str(tile), 0.5, answers={1: RawAnswer('yes', 0.9)})])\n"
        "    sys.stdout.write(f'{tile}\\n')\n    sys.stdout.flush()\n"
    )
    path = tmp_path / "a.journal"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "backend")}
    for kill in range(3):
        command = [sys.executable, "-c", program, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
            assert process.stdout is not None
            printed = [int(process.stdout.readline()) for _ in range(40 + 30 * kill)]
            process.send_signal(signal.SIGKILL)
        with BatchJournal(path) as journal:
            (results,) = journal.results(1, range(printed[-1] + 1), [1])
            assert [result.tile for result in results] == printed
            assert all(result.answers for result in results)


def test_a_file_that_is_not_a_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.journal").write_text("not a database, but long enough to be recognized as such" * 40)
    with pytest.raises(DataError, match="cannot be used"):
        BatchJournal(tmp_path / "a.journal")


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.journal") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(DataError, match="another version"):
        BatchJournal(tmp_path / "a.journal")


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE mine (a)")
    with pytest.raises(DataError, match="another program"):
        BatchJournal(path)


@pytest.mark.parametrize("version", [1, 2])
def test_a_file_of_an_earlier_version_is_upgraded(tmp_path: Path, version: int) -> None:
    cut = RawAnswer("Many trees and", 0.5, asked_at="2026", is_cut=True)
    with closing(sqlite3.connect(tmp_path / "a.journal")) as database:
        database.executescript(OLD_SCHEMA.format(is_cut="" if version == 1 else "is_cut INTEGER NOT NULL DEFAULT 0,"))
        database.execute(f"PRAGMA user_version = {version}")
        columns = "image_sha256, prompt, text, confidence, degenerate, asked_at, problem"
        database.execute("INSERT INTO tiles VALUES (1, 0, 'a', 0.5, '', '')")
        database.execute(f"INSERT INTO answers ({columns}) VALUES ('a', 1, 'yes', 0.9, 0, ?, '')", (YES.asked_at,))
        database.commit()
    with BatchJournal(tmp_path / "a.journal") as journal:
        journal.add([TileResult(1, 1, "b", 0.5, answers={1: cut})])
    with BatchJournal(tmp_path / "a.journal") as journal:
        ((first, second),) = journal.results(1, range(2), [1])
        assert (first.answers, second.answers) == ({1: YES}, {1: cut})
        assert journal.answers(TileResult(1, 1, "b", 0.5), [1]) == {1: cut}


def test_a_file_from_before_the_parts_of_the_model_were_recorded_is_upgraded(tmp_path: Path) -> None:
    counted = RawAnswer("2", 0.5, asked_at="2026", answered_by="finder")
    with BatchJournal(tmp_path / "a.journal") as journal:
        journal.add([TileResult(1, 0, "a", 0.5, answers={1: YES})])
    with closing(sqlite3.connect(tmp_path / "a.journal")) as database:
        database.execute("ALTER TABLE answers DROP COLUMN answered_by")
        database.execute("PRAGMA user_version = 4")
        database.commit()
    with BatchJournal(tmp_path / "a.journal") as journal:
        journal.add([TileResult(1, 1, "b", 0.5, answers={1: counted})])
        ((first, second),) = journal.results(1, range(2), [1])
        assert (first.answers, second.answers) == ({1: YES}, {1: counted})


def test_a_file_without_unusual_pictures_is_upgraded(tmp_path: Path) -> None:
    unusual = replace(YES, is_unusual=True)
    with BatchJournal(tmp_path / "a.journal") as journal:
        journal.add([TileResult(1, 0, "a", 0.5, answers={1: unusual})])
        assert journal.answers(TileResult(1, 0, "a", 0.5), [1]) == {1: unusual}
    with closing(sqlite3.connect(tmp_path / "a.journal")) as database:
        for column in ("is_unusual", "answered_by"):
            database.execute(f"ALTER TABLE answers DROP COLUMN {column}")
        database.execute("PRAGMA user_version = 3")
        database.commit()
    with BatchJournal(tmp_path / "a.journal") as journal:
        assert journal.answers(TileResult(1, 0, "a", 0.5), [1]) == {1: YES}
