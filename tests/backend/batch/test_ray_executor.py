"""Ray Data yields the results of the local executor, with one or two workers, and with a killed one."""

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

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # many warnings of Ray

SCRIPT = Script(reply="{number} {prompt}", faults={"unless": "error"})
ASKED = {1: Question("caption", "Describe it."), 2: Question("water", "Water?"), 3: Question("unless", "unless")}


@pytest.fixture(autouse=True)
def python_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that Ray starts get the Python path of this one."""
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{ROOT / 'backend'}")


@pytest.fixture
def work(tmp_path: Path) -> BatchJob:
    """Two rasters: 300 numbered tiles, and four tiles of which one has no data."""
    values = numbered(64, 64, 32)
    values[:, :32, :32] = 0
    paths = [
        write(tmp_path / "a.tif", numbered(20 * 32, 15 * 32, 32)),
        write(tmp_path / "b.tif", values, OddGeoTiff(nodata=0)),
    ]
    plans = {number: make_plan(str(path), TilingOptions(32)) for number, path in enumerate(paths, 1)}
    return BatchJob(tmp_path / "out.journal", plans, ASKED)


def outcome(batches: Iterator[list[TileResult]]) -> list[tuple[object, ...]]:
    """Return the results without their times, in order."""
    return sorted(
        (result.raster, result.tile, result.image_sha256, result.gsd_m, result.skipped, result.failed,
         [(prompt, raw.text, raw.confidence, raw.problem) for prompt, raw in sorted(result.answers.items())])
        for batch in batches
        for result in batch
    )  # fmt: skip


def answered_locally(work: BatchJob) -> list[tuple[object, ...]]:
    with BatchJournal(work.journal) as journal:
        return outcome(local_executor.answered(work, partial(FakeEngine, SCRIPT), journal))


def answered_by_workers(work: BatchJob, workers: int, script: Script = SCRIPT) -> list[tuple[object, ...]]:
    with BatchJournal(work.journal) as journal:
        cluster = ray_executor.RayCluster(workers, cores=1)
        return outcome(ray_executor.answered(work, partial(FakeEngine, script), journal, cluster))


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_yield_the_results_of_the_local_executor(work: BatchJob, workers: int) -> None:
    assert answered_by_workers(work, workers) == answered_locally(work)


def test_the_tiles_of_a_killed_worker_are_answered(work: BatchJob, capsys: pytest.CaptureFixture[str]) -> None:
    killed: list[str] = []
    over = threading.Event()
    killer = threading.Thread(target=_kill_one, args=(killed, over))
    killer.start()
    work = replace(work, questions={1: ASKED[1]})
    try:
        results = answered_by_workers(work, 2, Script(reply=SCRIPT.reply, delay=1.0))
    finally:
        over.set()
        killer.join()
    assert killed
    assert "_read" not in killed[0], "separate tasks read ahead"
    assert results == answered_locally(work)
    assert capsys.readouterr().out == ""


def test_a_loading_failure_raises_an_engine_error(work: BatchJob) -> None:
    with pytest.raises(EngineError, match="run again to resume"):
        answered_by_workers(work, 1, Script(load_error="There is no such model."))


def _kill_one(killed: list[str], over: threading.Event) -> None:
    """Kill a worker with an engine after its start, and record its process name."""
    while not over.wait(0.2):
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                name = " ".join(process.cmdline())
                if "_RayWorker" in name:
                    over.wait(1.0)
                    process.kill()
                    killed.append(name)
                    return
