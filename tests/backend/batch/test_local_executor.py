"""Answering tiles in this process: in batches, without those that the journal knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from rsgpt_backend.batch.journal import BatchJournal
from rsgpt_backend.batch.local_executor import BatchJob, answered, tiles_per_batch
from rsgpt_backend.batch.tile_pictures import TilingOptions, make_plan
from tests.backend.batch.rasters import OddGeoTiff, numbered, write
from tests.backend.batch.test_tile_answers import ASKED, WatchedEngine

TILES = 80


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[BatchJournal]:
    with BatchJournal(tmp_path / "out.journal") as opened:
        yield opened


@pytest.fixture
def make_work(tmp_path: Path) -> Callable[..., BatchJob]:
    """Create jobs over a raster of 80 numbered tiles."""

    def make(name: str = "a.tif", **prompts: str) -> BatchJob:
        path = write(tmp_path / name, numbered(320, 256, 32))
        plan = make_plan(str(path), TilingOptions(32))
        return BatchJob(tmp_path / "out.journal", {1: plan}, ASKED)

    return make


def test_every_tile_gets_its_own_answer(make_work: Callable[..., BatchJob], journal: BatchJournal) -> None:
    engine = WatchedEngine()
    results = list(chain.from_iterable(answered(make_work(), lambda: engine, journal)))
    assert [result.tile for result in results] == list(range(TILES))
    assert [result.answers[2].text for result in results] == [f"{tile + 1} Water?" for tile in range(TILES)]
    assert max(map(len, engine.batches)) == len(ASKED) * tiles_per_batch(len(ASKED))


@pytest.mark.parametrize(("questions", "tiles"), [(1, 128), (2, 64), (3, 32), (9, 32)])
def test_tiles_per_batch_depend_on_the_number_of_questions(questions: int, tiles: int) -> None:
    assert tiles_per_batch(questions) == tiles


def test_tiles_in_the_journal_are_not_answered_again(make_work: Callable[..., BatchJob], journal: BatchJournal) -> None:
    work = make_work()
    journal.add(next(answered(work, WatchedEngine, journal)))
    engine = WatchedEngine()
    tiles = [result.tile for result in chain.from_iterable(answered(work, lambda: engine, journal))]
    assert tiles == list(range(tiles_per_batch(len(ASKED)), TILES))


def test_an_equal_picture_of_another_raster_is_not_asked_again(
    make_work: Callable[..., BatchJob], journal: BatchJournal
) -> None:
    work = make_work()
    for batch in answered(work, WatchedEngine, journal):
        journal.add(batch)
    (plan,) = make_work("copy.tif").plans.values()
    engine = WatchedEngine()
    results = list(chain.from_iterable(answered(BatchJob(work.journal, {2: plan}, ASKED), lambda: engine, journal)))
    assert len(results) == TILES
    assert engine.batches == []


def test_a_picture_of_another_resolution_is_asked_if_the_model_reads_it(
    make_work: Callable[..., BatchJob], tmp_path: Path
) -> None:
    work = replace(make_work(), reads_gsd=True)
    coarse = write(tmp_path / "coarse.tif", numbered(320, 256, 32), OddGeoTiff((500000.0, 5.0, 0.0, 4e6, 0.0, -5.0)))
    engine = WatchedEngine()
    with BatchJournal(work.journal, reads_gsd=True) as journal:
        for batch in answered(work, lambda: engine, journal):
            journal.add(batch)
        both = replace(work, plans={2: make_plan(str(coarse), TilingOptions(32)), **work.plans})
        for batch in answered(both, lambda: engine, journal):
            journal.add(batch)
        assert list(answered(both, lambda: engine, journal)) == []
    assert len(engine.asks) == 2 * TILES * len(ASKED)
    assert {round(ask.gsd_m or 0.0, 1) for ask in engine.asks} == {0.5, 5.0}


def test_a_deleted_raster_does_not_affect_the_others(
    make_work: Callable[..., BatchJob], journal: BatchJournal, tmp_path: Path
) -> None:
    work, other = make_work(), make_work("b.tif")
    (tmp_path / "a.tif").unlink()
    both = BatchJob(work.journal, {1: work.plans[1], 2: other.plans[1]}, ASKED)
    results = chain.from_iterable(answered(both, WatchedEngine, journal))
    assert [bool(result.failed) for result in results] == [True] * TILES + [False] * TILES
