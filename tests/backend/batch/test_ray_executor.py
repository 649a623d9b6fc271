"""Ray Data gives the same rows as this process does, with one worker or two, and with one that is killed."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil
import pytest

from rsgpt_backend.batch import local_executor, ray_executor
from rsgpt_backend.batch.journal import BatchJournal, TileResult
from rsgpt_backend.batch.local_executor import BatchJob
from rsgpt_backend.batch.tile_pictures import TilingOptions, make_plan
from rsgpt_backend.errors import EngineError
from rsgpt_plugin.shared.answers.questions import Question
from tests.backend.batch.rasters import OddGeoTiff, numbered, write
from tests.fakes.fake_engine import FakeEngine, Script
from tests.layout.source import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # Ray's own are many

SCRIPT = Script(reply="{number} {prompt}", faults={"unless": "error"})
ASKED = {1: Question("caption", "Describe it."), 2: Question("water", "Water?"), 3: Question("unless", "unless")}


@pytest.fixture(autouse=True)
def found_by_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that Ray starts find what this one has on its path."""
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{ROOT / 'backend'}")


@pytest.fixture
def work(tmp_path: Path) -> BatchJob:
    """Two rasters: 300 tiles with numbers, and four of which one is no data."""
    values = numbered(64, 64, 32)
    values[:, :32, :32] = 0
    paths = [
        write(tmp_path / "a.tif", numbered(20 * 32, 15 * 32, 32)),
        write(tmp_path / "b.tif", values, OddGeoTiff(nodata=0)),
    ]
    plans = {number: make_plan(str(path), TilingOptions(32)) for number, path in enumerate(paths, 1)}
    return BatchJob(tmp_path / "out.journal", plans, ASKED)


def outcome(found: Iterator[list[TileResult]]) -> list[tuple[object, ...]]:
    """All that was found but when."""
    return sorted(
        (one.raster, one.tile, one.image_sha256, one.gsd_m, one.skipped, one.failed,
         [(prompt, raw.text, raw.confidence, raw.problem) for prompt, raw in sorted(one.answers.items())])
        for some in found
        for one in some
    )  # fmt: skip


def here(work: BatchJob) -> list[tuple[object, ...]]:
    with BatchJournal(work.journal) as journal:
        return outcome(local_executor.answered(work, partial(FakeEngine, SCRIPT), journal))


def on(work: BatchJob, workers: int, script: Script = SCRIPT) -> list[tuple[object, ...]]:
    with BatchJournal(work.journal) as journal:
        cluster = ray_executor.RayCluster(workers, cores=1)
        return outcome(ray_executor.answered(work, partial(FakeEngine, script), journal, cluster))


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_find_what_this_process_finds(work: BatchJob, workers: int) -> None:
    assert on(work, workers) == here(work)


def test_a_worker_that_is_killed_is_not_missed(work: BatchJob, capsys: pytest.CaptureFixture[str]) -> None:
    killed: list[str] = []
    over = threading.Event()
    killer = threading.Thread(target=_kill_one, args=(killed, over))
    killer.start()
    work = replace(work, questions={1: ASKED[1]})
    try:
        found = on(work, 2, Script(reply=SCRIPT.reply, delay=1.0))
    finally:
        over.set()
        killer.join()
    assert killed
    assert "_read" not in killed[0], "tasks of their own read ahead"
    assert found == here(work)
    assert capsys.readouterr().out == ""


def test_a_model_that_does_not_load_ends_it_with_a_sentence(work: BatchJob) -> None:
    with pytest.raises(EngineError, match="run again to go on"):
        on(work, 1, Script(load_error="There is no such model."))


def _kill_one(killed: list[str], over: threading.Event) -> None:
    """Kill one of the workers that ask, once it has begun, and keep what it was called."""
    while not over.wait(0.2):
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                name = " ".join(process.cmdline())
                if "_Asker" in name:
                    over.wait(1.0)
                    process.kill()
                    killed.append(name)
                    return
