"""Tiles answered in this process: each its own answer, in batches, none that the journal knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rsgpt_backend.batch.journal import BatchJournal
from rsgpt_backend.batch.local_executor import BatchJob, answered, tiles_per_batch
from rsgpt_backend.batch.tile_pictures import TilingOptions, make_plan
from tests.backend.batch.rasters import numbered, write
from tests.backend.batch.test_tile_answers import ASKED, WatchedEngine

TILES = 80


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[BatchJournal]:
    with BatchJournal(tmp_path / "out.journal") as opened:
        yield opened


@pytest.fixture
def make_work(tmp_path: Path) -> Callable[..., BatchJob]:
    """Work over a raster of 80 tiles that carry their numbers."""

    def make(name: str = "a.tif", **prompts: str) -> BatchJob:
        path = write(tmp_path / name, numbered(320, 256, 32))
        plan = make_plan(str(path), TilingOptions(32))
        return BatchJob(tmp_path / "out.journal", {1: plan}, ASKED)

    return make


def test_every_tile_gets_its_own_answer(make_work: Callable[..., BatchJob], journal: BatchJournal) -> None:
    engine = WatchedEngine()
    found = [one for some in answered(make_work(), lambda: engine, journal) for one in some]
    assert [one.tile for one in found] == list(range(TILES))
    assert [one.answers[2].text for one in found] == [f"{tile + 1} Water?" for tile in range(TILES)]
    assert max(map(len, engine.batches)) == len(ASKED) * tiles_per_batch(len(ASKED))


@pytest.mark.parametrize(("questions", "tiles"), [(1, 128), (2, 64), (3, 32), (9, 32)])
def test_the_fewer_questions_the_more_tiles_at_once(questions: int, tiles: int) -> None:
    assert tiles_per_batch(questions) == tiles


def test_what_the_journal_has_is_not_looked_at(make_work: Callable[..., BatchJob], journal: BatchJournal) -> None:
    work = make_work()
    journal.add(next(answered(work, WatchedEngine, journal)))
    engine = WatchedEngine()
    found = [one.tile for some in answered(work, lambda: engine, journal) for one in some]
    assert found == list(range(tiles_per_batch(len(ASKED)), TILES))


def test_a_picture_that_was_asked_elsewhere_is_not_asked_again(
    make_work: Callable[..., BatchJob], journal: BatchJournal
) -> None:
    work = make_work()
    for some in answered(work, WatchedEngine, journal):
        journal.add(some)
    (plan,) = make_work("copy.tif").plans.values()
    engine = WatchedEngine()
    again = [
        one for some in answered(BatchJob(work.journal, {2: plan}, ASKED), lambda: engine, journal) for one in some
    ]
    assert len(again) == TILES
    assert engine.batches == []


def test_a_raster_that_is_gone_does_not_end_the_others(
    make_work: Callable[..., BatchJob], journal: BatchJournal, tmp_path: Path
) -> None:
    work, other = make_work(), make_work("b.tif")
    (tmp_path / "a.tif").unlink()
    both = BatchJob(work.journal, {1: work.plans[1], 2: other.plans[1]}, ASKED)
    found = [one for some in answered(both, WatchedEngine, journal) for one in some]
    assert [bool(one.failed) for one in found] == [True] * TILES + [False] * TILES
