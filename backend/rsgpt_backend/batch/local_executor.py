"""Tiles answered by an engine in this process, while a thread reads ahead. Knows no output."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from rsgpt_plugin.shared.answers.questions import Question

from .journal import BatchJournal, TileResult
from .read_ahead import ahead
from .tile_answers import AnsweringEngine, CapturedTile, answer, capture_tiles
from .tile_pictures import RasterPlan

BATCH = 32  # tiles that are asked about together, at least
_ASKS = 128  # as long as no more are made, more tiles: each takes less time then, but a kill loses more


@dataclass(frozen=True)
class BatchJob:
    """What is asked of which rasters. plans, questions: by the journal's numbers of rasters and prompts."""

    journal: Path
    plans: Mapping[int, RasterPlan]
    questions: Mapping[int, Question]


def tiles_per_batch(questions: int) -> int:
    """Tiles that are asked about together, by how much is asked of each."""
    return BATCH * max(1, _ASKS // (BATCH * questions))


def answered(work: BatchJob, load: Callable[[], AnsweringEngine], journal: BatchJournal) -> Generator[list[TileResult]]:
    """What came of every tile that the journal lacks, some at a time; to be added before the next are taken.

    journal: of this thread. What it knows of a picture, wherever that lay, is not asked again.
    """
    size = tiles_per_batch(len(work.questions))
    with ahead(lambda: _looks(work), 2 * size) as seen:
        engine = load()
        while batch := list(islice(seen, size)):
            yield answer(engine, work.questions, [_shortened(one, journal) for one in batch])


def _looks(work: BatchJob) -> Generator[CapturedTile]:
    with BatchJournal(work.journal) as journal:
        for number, plan in work.plans.items():
            yield from capture_tiles(plan, journal.missing(number, plan.tiles, list(work.questions)))


def _shortened(one: CapturedTile, journal: BatchJournal) -> CapturedTile:
    known = journal.known(one.found.image_sha256, one.job.prompts)
    left = tuple(prompt for prompt in one.job.prompts if prompt not in known or known[prompt].problem)
    return replace(one, job=replace(one.job, prompts=left, failed=tuple(prompt for prompt in left if prompt in known)))
