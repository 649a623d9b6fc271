"""A batch run over rasters: ask the missing questions, then write the rows."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
from tqdm import tqdm

from rsgpt_plugin.shared.files.file_lock import FileLock
from rsgpt_plugin.shared.results import rows
from rsgpt_plugin.shared.results.rows import Status

from ..errors import UsageError
from .journal import BatchJournal, TileResult
from .local_executor import BatchJob
from .tile_pictures import RasterPlan
from .tile_polygons import reprojected
from .tile_rows import BatchQuestions, RowBuilder
from .vector_output import batch, check_output, try_output, with_geometry, write

# Answers the part of a job that the journal lacks. The journal belongs to the calling thread.
Executor = Callable[[BatchJob, BatchJournal], Generator[list[TileResult]]]
# Returns the fingerprint under which answers are stored.
Identify = Callable[[BatchJournal], str]


@dataclass
class BatchCounts(rows.RowCounts):
    """The counts of a run. seconds: since its start."""

    seconds: float = 0.0


class BatchRun:
    """One run: call `ask`, then `write`. If `ask` was stopped, `write` writes the rows so far."""

    def __init__(
        self,
        plans: Sequence[RasterPlan],
        asking: BatchQuestions,
        out: Path,
        started_at: float | None = None,
        identify: Identify | None = None,
    ) -> None:
        """Lock and check the output. Raises UsageError or DataError if it cannot be written.

        started_at: start by time.monotonic(), by default now. identify: replaces the fingerprint of `asking`.
        """
        check_output(out)
        self._out = out
        self._started_at = time.monotonic() if started_at is None else started_at
        with ExitStack() as stack:
            stack.callback(_locked(out).release)
            self._journal = BatchJournal(journal_path(out), asking.reads_gsd)
            stack.callback(self._journal.close)  # the file remains for the next run
            self._prepare(plans, replace(asking, fingerprint=identify(self._journal)) if identify else asking)
            self._open = stack.pop_all()

    def _prepare(self, plans: Sequence[RasterPlan], asking: BatchQuestions) -> None:
        self._plans = {self._journal.raster(plan.key): plan for plan in plans}
        keys = [
            [asking.model, asking.fingerprint, question.type.name, question.prompt, *question.allowed]
            for question in asking.asked
        ]
        prompts = [self._journal.prompt(json.dumps(key)) for key in keys]
        self._row_builder = RowBuilder(asking, prompts)
        questions = dict(zip(prompts, asking.asked, strict=True))
        self._batch_job = BatchJob(journal_path(self._out), self._plans, questions, asking.reads_gsd)
        self.counts = BatchCounts(tiles=sum(len(plan.tiles) for plan in self._plans.values()))
        self._asked_count = 0
        self._crs_wkt = plans[0].crs_wkt
        self._schema = with_geometry(self._out, self._row_builder.schema)
        polygons = [_polygons(plan, list(plan.tiles[:1]), self._crs_wkt) for plan in plans]
        try_output(self._out, self._schema, self._crs_wkt, polygons[0][0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def ask(self, executor: Executor) -> None:
        """Ask the missing questions. Results that `executor` has yielded are kept, even if it is stopped."""
        missing = sum(1 for _ in self._missing())
        if not missing:
            return
        done = self.counts.tiles - missing
        bar = tqdm(total=self.counts.tiles, initial=done, unit="tile", desc="answering", mininterval=1.0)
        with bar, closing(executor(self._batch_job, self._journal)) as batches:
            for results in batches:
                self._journal.add(results)
                self._asked_count += sum(not tile.answers[prompt].problem for tile in results for prompt in tile.asked)
                bar.update(len(results))

    def write(self) -> BatchCounts:
        """Write the rows of all complete tiles and return the counts."""
        check_output(self._out)  # it may have changed since the start of the run
        self.counts = BatchCounts(tiles=self.counts.tiles)
        write(self._out, self._schema, self._batches(), self._crs_wkt)
        self.counts.cached = max(0, self.counts.cached - self._asked_count)
        self.counts.seconds = round(time.monotonic() - self._started_at, 3)
        return self.counts

    def _missing(self) -> Iterator[object]:
        for number, plan in self._plans.items():
            yield from self._journal.missing(number, plan.tiles, self._row_builder.prompts)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        for number, plan in self._plans.items():
            for page in self._journal.results(number, plan.tiles, self._row_builder.prompts):
                complete = [result for result in page if self._row_builder.is_complete(result)]
                values = list(self._row_builder.rows(plan, complete))
                for row in values:
                    self.counts.add(Status(row["status"]))
                self.counts.cached += sum(not raw.problem for result in complete for raw in result.answers.values())
                if values:
                    tiles = [result.tile for result in complete]
                    yield batch(self._schema, _polygons(plan, tiles, self._crs_wkt), values)


def journal_path(out: Path) -> Path:
    """Return the path of the journal of the run that writes `out`."""
    return out.with_name(out.name + ".journal")


def _locked(out: Path) -> FileLock:
    """Lock an output and return the lock. Raises UsageError if another run is writing it."""
    lock = FileLock(Path(os.path.realpath(out) + ".journal.lock"))
    if not lock.take():
        raise UsageError(f"Another `rsgpt batch` is writing {out}. Wait until it ends, or choose another --out.")
    return lock


def _polygons(plan: RasterPlan, tiles: Sequence[int], crs_wkt: str) -> np.ndarray:
    """Return the polygons of tiles in the CRS of the output, which is that of the first raster."""
    polygons = plan.frame.polygons([plan.grid.window(tile) for tile in tiles])
    return reprojected(polygons, plan.source, plan.crs_wkt, crs_wkt)
