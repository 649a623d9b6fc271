"""The same tiles answered on Ray Data, which reads and asks on many machines and starts anew what dies there."""

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

# Tiles that go from one stage to the next. Always grouped alike: that shows in the last digits of a confidence.
_BLOCK = 2 * BATCH
# Cores of a task that reads. Were it as many as an engine has, Ray would make one of both, and nothing be read ahead.
_READER = 0.5


@dataclass(frozen=True)
class RayCluster:
    """workers: engines at once; cores, gpus: of each. Which cluster: RAY_ADDRESS, or one on this machine alone."""

    workers: int
    cores: int
    gpus: int = 0


def answered(
    work: BatchJob, load: Callable[[], AnsweringEngine], journal: BatchJournal, cluster: RayCluster
) -> Generator[list[TileResult]]:
    """What came of every tile that the journal lacks, in any order. EngineError where Ray gives up.

    What the journal knows of a picture that lay elsewhere is asked again: workers have no journal.

    load: called once on every worker, which must find the rasters under the same names.
    """
    with _started(cluster) as ray:
        seen = ray.data.from_arrow(list(_jobs(work, journal))).map_batches(
            _read, fn_args=(work,), batch_format="pyarrow", batch_size=None, num_cpus=_READER
        )
        told = seen.map_batches(
            _RayWorker,
            fn_constructor_args=(load, work.questions),
            batch_format="pyarrow",
            batch_size=None,
            compute=ray.data.ActorPoolStrategy(size=cluster.workers),
            num_cpus=cluster.cores,
            num_gpus=cluster.gpus,
        )
        try:
            for batch in told.iter_batches(batch_format="pyarrow", batch_size=None, prefetch_batches=0):
                yield [_found(text) for text in batch["found"].to_pylist()]
        except ray.exceptions.RayError as error:
            cause = str(error).strip().splitlines()[-1]
            raise EngineError(f"Ray gave up ({cause}). Answers so far are kept; run again to go on.") from error


@contextmanager
def _started(cluster: RayCluster) -> Iterator[Any]:
    """Ray, connected to its cluster or started on this machine, and left again."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would tell its makers of each use
    import ray  # noqa: PLC0415 - it looks at the environment when it is imported
    import ray.data  # noqa: PLC0415

    here: dict[str, Any] = {"num_cpus": cluster.workers * cluster.cores + 1, "include_dashboard": False}  # one reads
    known = bool(os.environ.get("RAY_ADDRESS"))
    # Ray tells of lost workers on stdout, which is for results.
    with redirect_stdout(sys.stderr):
        ray.init(
            None if known else "local", logging_level=logging.ERROR, log_to_driver=False, **({} if known else here)
        )
        ray.data.DataContext.get_current().enable_progress_bars = False
        for name in ("ray", "ray.data"):
            logging.getLogger(name).setLevel(logging.ERROR)  # the progress is ours to tell
        try:
            yield ray
        finally:
            ray.shutdown()


def _jobs(work: BatchJob, journal: BatchJournal) -> Iterator[pa.Table]:
    """What is missing, in blocks that lie together in a raster."""
    for number, plan in work.plans.items():
        jobs = journal.missing(number, plan.tiles, list(work.questions))
        while block := list(islice(jobs, _BLOCK)):
            yield pa.table({"job": [json.dumps(astuple(job)) for job in block]})


def _read(batch: pa.Table, work: BatchJob) -> pa.Table:
    """A block of jobs, all of one raster -> what was seen there."""
    jobs = [_job(text) for text in batch["job"].to_pylist()]
    seen = list(capture_tiles(work.plans[jobs[0].raster], jobs))
    return pa.table(
        {
            "job": batch["job"],
            "found": [_text(one.found) for one in seen],
            "shape": pa.array([None if one.rgb is None else one.rgb.shape for one in seen], pa.list_(pa.int32())),
            "rgb": pa.array([None if one.rgb is None else one.rgb.tobytes() for one in seen], pa.large_binary()),
        }
    )


class _RayWorker:
    """One worker's engine; a block of what was seen -> what it says of it."""

    def __init__(self, load: Callable[[], AnsweringEngine], questions: Mapping[int, Question]) -> None:
        self._engine, self._questions = load(), questions

    def __call__(self, batch: pa.Table) -> pa.Table:
        seen = [_look(**row) for row in batch.to_pylist()]
        parts = [seen[start : start + BATCH] for start in range(0, len(seen), BATCH)]
        found = chain.from_iterable(answer(self._engine, self._questions, part) for part in parts)
        return pa.table({"found": [_text(one) for one in found]})


def _look(job: str, found: str, shape: Sequence[int] | None, rgb: bytes | None) -> CapturedTile:
    pixels = None if rgb is None or shape is None else np.frombuffer(rgb, np.uint8).reshape(shape)
    return CapturedTile(_job(job), _found(found), pixels)


def _job(text: str) -> TileJob:
    raster, tile, prompts, failed = json.loads(text)
    return TileJob(raster, tile, tuple(prompts), tuple(failed))


def _text(found: TileResult) -> str:
    return json.dumps(asdict(found))


def _found(text: str) -> TileResult:
    parts = json.loads(text)
    answers = {int(prompt): RawAnswer(**{**raw, "first_top": ()}) for prompt, raw in parts.pop("answers").items()}
    return TileResult(**{**parts, "asked": tuple(parts["asked"])}, answers=answers)
