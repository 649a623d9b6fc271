"""Answers tiles with an engine in this process, while a thread reads ahead."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from rsgpt_plugin.shared.answers.questions import Question

from .journal import BatchJournal, TileResult
from .read_ahead import read_ahead
from .tile_answers import AnsweringEngine, CapturedTile, answer, capture_tiles
from .tile_pictures import RasterPlan

BATCH = 32  # minimum tiles per batch
_ASKS = 128  # asks per batch that more tiles may fill: each tile takes less time, but a killed run loses more


@dataclass(frozen=True)
class BatchJob:
    """Questions about rasters. plans, questions: by the journal's numbers of rasters and prompts.

    reads_gsd: see BatchJournal. batch_size: tiles per batch, 0 for the usual number.
    """

    journal: Path
    plans: Mapping[int, RasterPlan]
    questions: Mapping[int, Question]
    reads_gsd: bool = False
    batch_size: int = 0


def tiles_per_batch(questions: int) -> int:
    """Return the number of tiles per batch for a number of questions per tile, which is 0 if all are refused."""
    return BATCH * max(1, _ASKS // (BATCH * max(1, questions)))


def answered(
    batch_job: BatchJob, load: Callable[[], AnsweringEngine], journal: BatchJournal
) -> Generator[list[TileResult]]:
    """Yield batches of results for all tiles that the journal lacks. Add each to the journal before taking the next.

    journal: of this thread. Its answers about an equal picture at another place are not asked for again.
    """
    size = batch_job.batch_size or tiles_per_batch(len(batch_job.questions))
    with read_ahead(lambda: _captured_tiles(batch_job), 2 * size) as tiles:
        engine = load()
        while batch := list(islice(tiles, size)):
            tiles_to_ask = [_without_known_prompts(tile, journal) for tile in batch]
            yield answer(engine, batch_job.questions, tiles_to_ask, batch_job.reads_gsd)


def _captured_tiles(batch_job: BatchJob) -> Generator[CapturedTile]:
    with BatchJournal(batch_job.journal, batch_job.reads_gsd) as journal:
        for number, plan in batch_job.plans.items():
            yield from capture_tiles(plan, journal.missing(number, plan.tiles, list(batch_job.questions)))


def _without_known_prompts(tile: CapturedTile, journal: BatchJournal) -> CapturedTile:
    answers = journal.answers(tile.result, tile.job.prompts)
    prompts = tuple(prompt for prompt in tile.job.prompts if prompt not in answers or answers[prompt].problem)
    failed = tuple(prompt for prompt in prompts if prompt in answers)
    return replace(tile, job=replace(tile.job, prompts=prompts, failed=failed))
