"""Answers tiles on Ray Data, which reads and asks on many machines and restarts failed workers."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, astuple, dataclass
from itertools import chain, islice
from typing import Any

import numpy as np
import pyarrow as pa

from rsgpt_plugin.shared.answers.questions import Question
from rsgpt_plugin.shared.answers.typed_answers import RawAnswer

from ..errors import EngineError
from .journal import BatchJournal, TileJob, TileResult
from .local_executor import BATCH, BatchJob
from .tile_answers import AnsweringEngine, CapturedTile, answer, capture_tiles

# Tiles per block. A constant, because the grouping of tiles changes the last digits of a confidence.
_BLOCK = 2 * BATCH
# Cores per reading task. If they equaled those of an engine, Ray would merge both tasks and not read ahead.
_READER_CORES = 0.5


@dataclass(frozen=True)
class RayCluster:
    """workers: number of engines. cores, gpus: per engine. RAY_ADDRESS names a cluster other than this machine."""

    workers: int
    cores: int
    gpus: int = 0


def answered(
    batch_job: BatchJob, load: Callable[[], AnsweringEngine], journal: BatchJournal, cluster: RayCluster
) -> Generator[list[TileResult]]:
    """Yield batches of results for all tiles that the journal lacks, in any order. Raises EngineError if Ray fails.

    Workers have no journal, so a picture is asked about again if an equal one at another place has answers.

    load: called once per worker. Workers must find the rasters under the same paths.
    """
    with _started(cluster) as ray:
        tiles = ray.data.from_arrow(list(_jobs(batch_job, journal))).map_batches(
            _read, fn_args=(batch_job,), batch_format="pyarrow", batch_size=None, num_cpus=_READER_CORES
        )
        results = tiles.map_batches(
            _RayWorker,
            fn_constructor_args=(load, batch_job.questions, batch_job.reads_gsd),
            batch_format="pyarrow",
            batch_size=None,
            compute=ray.data.ActorPoolStrategy(size=cluster.workers),
            num_cpus=cluster.cores,
            num_gpus=cluster.gpus,
        )
        try:
            for batch in results.iter_batches(batch_format="pyarrow", batch_size=None, prefetch_batches=0):
                yield [_to_result(text) for text in batch["result"].to_pylist()]
        except ray.exceptions.RayError as error:
            cause = str(error).strip().splitlines()[-1]
            raise EngineError(f"Ray failed ({cause}). Answers so far are kept; run again to resume.") from error


@contextmanager
def _started(cluster: RayCluster) -> Iterator[Any]:
    """Connect to a Ray cluster, or start one on this machine, and shut the connection down at the end."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # statistics that Ray would send
    import ray  # noqa: PLC0415 - it reads the environment when it is imported
    import ray.data  # noqa: PLC0415

    # One more core, for reading.
    local: dict[str, Any] = {"num_cpus": cluster.workers * cluster.cores + 1, "include_dashboard": False}
    has_address = bool(os.environ.get("RAY_ADDRESS"))
    # Ray reports lost workers on stdout, which is for results.
    with redirect_stdout(sys.stderr):
        ray.init(
            None if has_address else "local",
            logging_level=logging.ERROR,
            log_to_driver=False,
            **({} if has_address else local),
        )
        ray.data.DataContext.get_current().enable_progress_bars = False
        for name in ("ray", "ray.data"):
            logging.getLogger(name).setLevel(logging.ERROR)  # rsgpt shows the progress
        try:
            yield ray
        finally:
            ray.shutdown()


def _jobs(batch_job: BatchJob, journal: BatchJournal) -> Iterator[pa.Table]:
    """Yield the missing tiles in blocks, each of one raster."""
    for number, plan in batch_job.plans.items():
        jobs = journal.missing(number, plan.tiles, list(batch_job.questions))
        while block := list(islice(jobs, _BLOCK)):
            yield pa.table({"job": [json.dumps(astuple(job)) for job in block]})


def _read(batch: pa.Table, batch_job: BatchJob) -> pa.Table:
    """Capture the tiles of a block of jobs, all of one raster."""
    jobs = [_to_job(text) for text in batch["job"].to_pylist()]
    tiles = list(capture_tiles(batch_job.plans[jobs[0].raster], jobs))
    return pa.table(
        {
            "job": batch["job"],
            "result": [_to_text(tile.result) for tile in tiles],
            "shape": pa.array([None if tile.rgb is None else tile.rgb.shape for tile in tiles], pa.list_(pa.int32())),
            "rgb": pa.array([None if tile.rgb is None else tile.rgb.tobytes() for tile in tiles], pa.large_binary()),
        }
    )


class _RayWorker:
    """The engine of a worker, which answers blocks of captured tiles."""

    def __init__(self, load: Callable[[], AnsweringEngine], questions: Mapping[int, Question], reads_gsd: bool) -> None:
        self._engine, self._questions, self._reads_gsd = load(), questions, reads_gsd

    def __call__(self, batch: pa.Table) -> pa.Table:
        tiles = [_to_tile(**row) for row in batch.to_pylist()]
        parts = [tiles[start : start + BATCH] for start in range(0, len(tiles), BATCH)]
        results = chain.from_iterable(answer(self._engine, self._questions, part, self._reads_gsd) for part in parts)
        return pa.table({"result": [_to_text(result) for result in results]})


def _to_tile(job: str, result: str, shape: Sequence[int] | None, rgb: bytes | None) -> CapturedTile:
    pixels = None if rgb is None or shape is None else np.frombuffer(rgb, np.uint8).reshape(shape)
    return CapturedTile(_to_job(job), _to_result(result), pixels)


def _to_job(text: str) -> TileJob:
    raster, tile, prompts, failed = json.loads(text)
    return TileJob(raster, tile, tuple(prompts), tuple(failed))


def _to_text(result: TileResult) -> str:
    return json.dumps(asdict(result))


def _to_result(text: str) -> TileResult:
    parts = json.loads(text)
    answers = {int(prompt): RawAnswer(**{**raw, "first_top": ()}) for prompt, raw in parts.pop("answers").items()}
    return TileResult(**{**parts, "asked": tuple(parts["asked"])}, answers=answers)
